import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Each committed case, without one of its tensors or one kind of them: what is missing has the name that it has in the
/// files.
@Suite struct MissingNamesTests {
    @Test(arguments: ArchitectureTests.names) func namesEachTensorAsItsFileDoes(name: String) throws {
        let whole = try ArchitectureTests.read(name).model()
        for tensor in try needed(whole) {
            let less = whole.storedTensors.filter { $0 != tensor }
            #expect(MissingTensors.names(whole.config.raw, less) == [tensor.name], "\(name)")
        }
    }

    @Test(arguments: ArchitectureTests.names) func namesEachTensorOfAKindThatNoBlockHas(name: String) throws {
        let whole = try ArchitectureTests.read(name).model()
        let kinds = Dictionary(grouping: try needed(whole).map(\.name)) { kind($0) }
        for (kind, names) in kinds.sorted(by: { $0.key < $1.key }) {
            let less = whole.storedTensors.filter { self.kind($0.name) != kind }
            let found = MissingTensors.names(whole.config.raw, less)
            #expect(found.sortedByBytes() == names.sortedByBytes(), "\(name) \(kind)")
        }
    }

    @Test(arguments: ArchitectureTests.names) func nothingIsMissingInAWholeOne(name: String) throws {
        let whole = try ArchitectureTests.read(name).model()
        #expect(MissingTensors.names(whole.config.raw, whole.storedTensors).isEmpty)
    }

    /// A name without its numbers.
    private func kind(_ name: String) -> String {
        name.split(separator: ".").map { Int($0) == nil ? String($0) : "*" }.joined(separator: ".")
    }

    /// The tensors that have to be there: all that something is written of, but a last layer that may be the embeddings.
    private func needed(_ model: HuggingFaceModel) throws -> [CheckpointTensor] {
        let plan = try ArchitecturePlan(model, .f32)
        let hasOwnOutput = RequiredTensors.hasOwnOutput(model.config, type(of: plan.architecture))
        var needed: Set<Int> = []
        for tensor in plan.tensors {
            guard case .views(let views) = tensor.value.content else { continue }
            // transformers and llama.cpp take the embeddings where the configuration does not state otherwise.
            if tensor.description.name == "output.weight", !hasOwnOutput { continue }
            needed.formUnion(views.map(\.tensor))
        }
        return needed.sorted().map { model.tensors[$0] }
    }
}
