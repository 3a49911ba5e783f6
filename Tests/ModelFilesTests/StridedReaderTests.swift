import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import ModelFiles
@testable import Storage
@testable import Tensors

/// Reads parts of a view of 0, 1, 2, …: each element is its own place, so that what is read states where it lay.
private func gathered(
    _ view: TensorView, _ range: Range<Int>, count: Int, reads: inout Int
) throws -> [UInt16] {
    let source = (0..<count).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    guard let gather = StridedReader(view, unitLength: 1, unitSize: 2) else { return [] }
    var bytes = [UInt8](repeating: 0, count: range.count * 2)
    var staging: [UInt8] = []
    var asked = 0
    var span = bytes.mutableSpan
    try gather.read(range, staging: &staging, into: &span) { units, room in
        asked += 1
        for index in 0..<units.count * 2 { room[index] = source[units.lowerBound * 2 + index] }
    }
    reads = asked
    return stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
}

/// The places of a view's elements in row-major order, by its definition.
private func places(_ view: TensorView) -> [UInt16] {
    var places = [view.offset]
    for (length, stride) in zip(view.shape, view.strides) {
        places = places.flatMap { place in (0..<length).map { place + $0 * stride } }
    }
    return places.map { UInt16($0) }
}

@Suite struct ViewGatherTests {
    private static let whole = TensorView(0, shape: [6, 20, 10])

    private static var views: [TensorView] {
        [
            whole, whole.swapped(1, 2), whole.swapped(0, 2), whole.swapped(0, 1),
            whole.sliced(axis: 1, 3..<17) ?? whole, whole.sliced(axis: 2, 1..<10, step: 3) ?? whole,
            whole.sliced(axis: 2, 7..<8) ?? whole, whole.sliced(axis: 0, 5..<6) ?? whole,
            (whole.split(axis: 1, into: [2, 2, 5]) ?? whole).swapped(1, 3),
            (whole.sliced(axis: 0, 1..<6, step: 2) ?? whole).swapped(0, 2),
        ]
    }

    @Test(arguments: views) func readsEveryRangeAsTheViewDefinesIt(view: TensorView) throws {
        let expected = places(view)
        var generator = SeededGenerator(seed: UInt64(view.strides.reduce(view.offset) { $0 * 31 + $1 }))
        var ranges = [0..<expected.count, 0..<0, 0..<1, expected.count - 1..<expected.count]
        for _ in 0..<60 {
            let start = Int.random(in: 0..<expected.count, using: &generator)
            ranges.append(start..<Int.random(in: start...expected.count, using: &generator))
        }
        var reads = 0
        for range in ranges {
            let found = try gathered(view, range, count: 1200, reads: &reads)
            #expect(found == Array(expected[range]))
        }
    }

    @Test func readsATransposedMatrixByRunsNotByElements() throws {
        let view = TensorView(0, shape: [40, 1500]).swapped(0, 1)
        var reads = 0
        let found = try gathered(view, 0..<20_000, count: 60_000, reads: &reads)
        #expect(found == Array(places(view)[..<20_000]))
        #expect(reads <= 40)
    }

    @Test func readsWhatLiesTogetherAtOnce() throws {
        var reads = 0
        let found = try gathered(TensorView(0, shape: [30, 50]), 0..<1500, count: 1500, reads: &reads)
        #expect(found == (0..<1500).map { UInt16($0) })
        #expect(reads == 1)
    }

    @Test func refusesViewsThatTearBlocksApart() {
        let view = TensorView(0, shape: [4, 64])
        #expect(StridedReader(view, unitLength: 32, unitSize: 17) != nil)
        #expect(StridedReader(view.swapped(0, 1), unitLength: 32, unitSize: 17) == nil)
        let half = view.sliced(axis: 1, 16..<48)
        #expect(half.flatMap { StridedReader($0, unitLength: 32, unitSize: 17) } == nil)
    }
}
