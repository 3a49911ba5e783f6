import TestSupport
import Testing

@testable import Reports

@Suite("Treemaps: geometry")
struct SquarifiedTests {
    private static let room = Box(x: 3, y: 5, width: 1200, height: 620)

    /// Sizes as they are in models and worse: equal ones, one that is nearly all, very many, and nothing.
    private static func sizes(seed: UInt64) -> [Int] {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...300, using: &random)
        let largest = [1, 50, 4096, 1 << 40].randomElement(using: &random) ?? 1
        return (0..<count).map { _ in Int.random(in: 0...largest, using: &random) }.sorted(by: >)
    }

    @Test("areas are as the sizes, and fill the box", arguments: UInt64(1)...60)
    func proportional(seed: UInt64) {
        let sizes = Self.sizes(seed: seed)
        let boxes = Squarified.boxes(sizes, in: Self.room)
        #expect(boxes.count == sizes.count)
        let total = sizes.reduce(0.0) { $0 + Double($1) }
        guard total > 0 else { return }
        for (size, box) in zip(sizes, boxes) {
            let wanted = Double(size) / total * Self.room.area
            #expect(abs(box.area - wanted) < 1e-6 * Self.room.area, "\(size) of \(total)")
        }
        #expect(abs(boxes.reduce(0) { $0 + $1.area } - Self.room.area) < 1e-6 * Self.room.area)
    }

    @Test("no box overlaps another, and none is outside", arguments: UInt64(1)...30)
    func apart(seed: UInt64) {
        let boxes = Squarified.boxes(Self.sizes(seed: seed), in: Self.room).filter { $0.area > 0 }
        let slack = 1e-6
        for (index, box) in boxes.enumerated() {
            #expect(box.x >= Self.room.x - slack && box.y >= Self.room.y - slack)
            #expect(box.x + box.width <= Self.room.x + Self.room.width + slack)
            #expect(box.y + box.height <= Self.room.y + Self.room.height + slack)
            for other in boxes[..<index] {
                let across = min(box.x + box.width, other.x + other.width) - max(box.x, other.x)
                let down = min(box.y + box.height, other.y + other.height) - max(box.y, other.y)
                #expect(across <= slack || down <= slack)
            }
        }
    }

    @Test("equal parts are nearly squares")
    func nearlySquare() {
        for box in Squarified.boxes([Int](repeating: 7, count: 24), in: Self.room) {
            #expect(max(box.width / box.height, box.height / box.width) < 2)
        }
    }

    @Test("nothing, and an empty box, give empty boxes", arguments: [[], [0], [0, 0, 0]])
    func empty(sizes: [Int]) {
        #expect(Squarified.boxes(sizes, in: Self.room).allSatisfy { $0.area == 0 })
        let flat = Squarified.boxes([1, 2], in: Box(x: 0, y: 0, width: 0, height: 9))
        #expect(flat.count == 2 && flat.allSatisfy { $0.area == 0 })
    }

    @Test("the largest sizes there are do no harm")
    func largest() {
        let boxes = Squarified.boxes([.max, .max, 1], in: Self.room)
        #expect(abs(boxes[0].area - Self.room.area / 2) < 1)
        let tree = ByteTree("all", .whole, parts: (0..<3).map { ByteTree("\($0)", .entry, bytes: .max) })
        #expect(tree.bytes == .max)
    }

    @Test func aFileShowsTheLargestOfManyTensorsAndLayers() {
        let inOne = (0..<1000).map {
            TensorRecord(name: "h.0.t\($0)", type: "F32", shape: [1], bytes: 0..<$0 + 1)
        }
        let layers = (1...1000).map {
            TensorRecord(name: "h.\($0).t", type: "F32", shape: [1], bytes: 0..<$0)
        }
        let loose = (0..<10).map { TensorRecord(name: "loose\($0)", type: nil, shape: nil, bytes: 0..<1000) }
        let tree = ByteTree.file("x", size: 2_000_000, inOne + layers + loose)
        #expect(tree.bytes == 2_000_000 && tree.parts.count == ByteTree.mostParts)
        #expect(tree.parts[0].name == "header and what is between tensors")
        #expect(tree.parts[1].name == "h.0" && tree.parts[1].parts.count == ByteTree.mostParts)
        #expect(tree.parts[1].parts.contains { $0.name == "601 smaller parts" })
        // Of equal sizes what is in no layer comes first.
        #expect(tree.parts.first { $0.bytes == 1000 }?.name == "loose0")
        // 1,000 layers, that of many tensors, ten tensors, and the rest of the file, less 399.
        #expect(tree.parts.contains { $0.name == "613 smaller parts" })
    }

    @Test("a hundred thousand parts become few, whose bytes are those of all")
    func grouped() {
        let parts = (0..<100_000).map { ByteTree("t\($0)", .tensor, bytes: $0 % 977 + 1) }
        let tree = ByteTree("model", .file, parts: parts)
        #expect(tree.parts.count == ByteTree.mostParts)
        #expect(tree.parts.reduce(0) { $0 + $1.bytes } == parts.reduce(0) { $0 + $1.bytes })
        #expect(tree.parts.contains { $0.level == .several && $0.name == "99601 smaller parts" })
        #expect(zip(tree.parts, tree.parts.dropFirst()).allSatisfy { $0.bytes >= $1.bytes })
    }

    @Test("the drawing is bounded, whatever there is to draw, and the same each time")
    func bounded() {
        let entries = (0..<20).map { entry in
            ByteTree(
                "e\(entry)", .entry,
                parts: [
                    .file(
                        "f", size: 2000 * 1024,
                        (0..<2000).map {
                            TensorRecord(
                                name: "model.layers.\($0 / 10).w\($0 % 10).weight", type: "F16", shape: [512],
                                bytes: $0 * 1024..<$0 * 1024 + 1024)
                        })
                ])
        }
        let tree = ByteTree("all", .whole, parts: entries)
        let drawing = TreemapDrawing.markup(tree, .wide, id: "x", style: "wide")
        #expect(drawing.text.split(separator: "<rect").count < 7000)
        #expect(drawing.text.utf8.count < 1 << 20)
        #expect(drawing == TreemapDrawing.markup(tree, .wide, id: "x", style: "wide"))
    }
}
