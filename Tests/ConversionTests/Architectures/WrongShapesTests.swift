import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Checkpoints of every committed case with one tensor of another shape: llama.cpp would refuse the file.
///
/// All tensors are tried where `KNAPSACK_HOSTILE` is set, a part of them otherwise.
@Suite struct WrongShapesTests {
    /// A change of a shape, and what it is called.
    private static let changes: [(String, @Sendable ([Int]) -> [Int])] = [
        ("twice as many rows", { shape in shape.isEmpty ? [2] : [2 * shape[0]] + shape.dropFirst() }),
        (
            "rows twice as long",
            { shape in shape.isEmpty ? [2] : shape.dropLast() + [2 * shape[shape.count - 1]] }
        ),
        ("one more dimension", { shape in [1] + shape }),
    ]

    /// What may be of other shapes as far as a plan knows: a row for each token or label, which the tokenizer and the
    /// labels state; dimensions of 1 that are taken away; the numbers of a low rank that the file does not state.
    private static let free = [
        "embed", "shared.weight", "lm_head", "output", "wte", "classifier", "cls", "head.dense", "ff_out",
        "relative_attention",
        "conv1d", "mixer.norm", "mamba.norm", "laurel.linear", "model.encoder.", "dense.weight", "dense.bias",
        "act_fn",
    ]

    /// Without those that leave numbers out.
    private static let names = ArchitectureTests.names.filter { name in
        !name.hasUTF8Suffix("sparse")
    }

    @Test(arguments: names)
    func refusesOtherShapes(name: String) throws {
        let found = try ArchitectureTests.read(name)
        let model = try found.model()
        let type = try #require(found.types.first)
        let plan = try ArchitecturePlan(model, type)
        // What becomes no tensor is looked at by nobody.
        var written: Set<Int> = []
        for tensor in plan.tensors {
            guard case .views(let views) = tensor.value.content, model.dequantization == nil else { continue }
            written.formUnion(views.map(\.tensor))
        }
        for (number, place) in written.sorted().enumerated() {
            let tensor = model.storedTensors[place]
            if Self.free.contains(where: { tensor.name.containsUTF8($0) }) { continue }
            // One of the changes for each tensor: all of them for each kind of tensor, over the blocks.
            let turn = number + name.utf8.count
            guard HostileConfigTests.isWhole || turn.isMultiple(of: 23) else { continue }
            let (change, changed) = Self.changes[turn % Self.changes.count]
            // RWKV's are taken without dimensions of 1.
            if change == "one more dimension", name.containsUTF8("rwkv") { continue }
            var tensors = model.storedTensors
            tensors[place].shape = changed(tensor.shape)
            let error = #expect(throws: ConversionError.self, "\(tensor.name) \(tensor.shape): \(change)") {
                _ = try ArchitecturePlan(found.model(tensors), type)
            }
            #expect(error?.message.isEmpty != true)
        }
    }
}
