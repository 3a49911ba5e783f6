import Synchronization
import Testing

@testable import Manifests
@testable import ModelFiles
@testable import Storage

@Suite struct SlabSchedulerTests {
    private struct Failure: Error, Equatable { let slab: Int }

    private func tensors(_ counts: [Int]) -> [SlabQueue.Tensor] {
        counts.map { SlabQueue.Tensor(count: $0, unit: 1, period: max(1, $0), length: 10) }
    }

    @Test(arguments: [1, 2, 7]) func everyElementIsCarriedOnceAndEveryGroupEndsOnce(threads: Int) async throws
    {
        let carried = Mutex<[Int: Int]>([:])
        let ended = Mutex<[Int]>([])
        let told = Mutex<[String]>([])
        try await SlabScheduler(tensors([95, 0, 7, 40]), groups: [0, 0, 0, 1]).run(
            threads: threads,
            progress: { if case .finished(let file) = $0 { told.withLock { $0.append(file) } } },
            room: { 0 },
            carry: { slab, own in
                own += 1
                carried.withLock { $0[slab.tensor, default: 0] += slab.elements.count }
                return slab.elements.count
            },
            finish: { group in
                ended.withLock { $0.append(group) }
                return "group \(group)"
            })
        #expect(carried.withLock(\.self) == [0: 95, 2: 7, 3: 40])
        #expect(ended.withLock(\.self).sorted() == [0, 1])
        #expect(told.withLock(\.self).sorted() == ["group 0", "group 1"])
    }

    /// However the threads run, the same error is reported.
    @Test(arguments: [1, 2, 7]) func theErrorOfTheFirstSlabIsThrown(threads: Int) async throws {
        for _ in 0..<20 {
            await #expect(throws: Failure(slab: 3)) {
                try await SlabScheduler(tensors([100])).run(
                    threads: threads, progress: { _ in }, room: {},
                    carry: { slab, _ in
                        if slab.number >= 3 { throw Failure(slab: slab.number) }
                        return 0
                    }, finish: { _ in "" })
            }
        }
    }
}
