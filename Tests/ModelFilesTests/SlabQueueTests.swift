import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

private func slabs(_ tensors: [SlabQueue.Tensor]) -> [Slab] {
    var queue = SlabQueue(tensors)
    var slabs: [Slab] = []
    while let slab = queue.next() { slabs.append(slab) }
    return slabs
}

@Suite struct SlabQueueTests {
    @Test func cutsAtUnits() {
        let found = slabs([.init(count: 96, unit: 32, period: 96, length: 80)])
        #expect(found.map(\.elements) == [0..<64, 64..<96])
        #expect(found.map(\.number) == [0, 1])
    }

    @Test func keepsARowWholeThatIsLongerThanASlab() {
        #expect(
            slabs([.init(count: 200, unit: 100, period: 200, length: 80)]).map(\.elements) == [
                0..<100, 100..<200,
            ])
    }

    @Test func crossesNoMatrix() {
        let found = slabs([.init(count: 60, unit: 5, period: 30, length: 20)])
        #expect(found.map(\.elements) == [0..<20, 20..<30, 30..<50, 50..<60])
    }

    @Test func goesOverEmptyTensors() {
        let empty = SlabQueue.Tensor(count: 0, unit: 1, period: 1, length: 80)
        let found = slabs([empty, .init(count: 1, unit: 1, period: 1, length: 80), empty])
        #expect(found == [Slab(number: 0, tensor: 1, elements: 0..<1)])
        #expect(slabs([]).isEmpty)
    }
}
