import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Every committed case of a projector: models of which the reference converter made one.
@Suite struct ProjectorTests {
    private static let folder: String = {
        let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
        return "\(root)/fixtures/conversion/projectors"
    }()

    /// The names of all cases.
    static let names: [String] = ConversionTests.names(in: folder, suffix: ".json")

    /// Reads a case.
    static func read(_ name: String) throws -> ArchitectureCase {
        try ArchitectureCase(name: name, fileContents("\(folder)/\(name).json"))
    }

    @Test(arguments: names) func plansTensorsAndKeys(name: String) throws {
        let found = try Self.read(name)
        let model = try found.model()
        #expect(!found.types.isEmpty)
        for (place, type) in found.types.enumerated() {
            let plan = try ProjectorPlan(model, type)
            #expect(
                plan.tensors.map(ArchitectureCase.line) == (try found.expectedTensors(place)),
                "\(name) \(type.rawValue)")
            var metadata = ModelMetadata(architecture: "clip")
            try plan.projector.addParameters(to: &metadata)
            let own = metadata.items.filter { !$0.key.hasUTF8Prefix("general.") }
            #expect(own.map(ArchitectureCase.line) == (try found.expectedKeys()), "\(name) \(type.rawValue)")
        }
    }

    /// Cases, and the keys of which a warning or a note tells that llama.cpp does not read the reference's file as the model
    /// means it.
    @Test(arguments: [
        ("gemma3", [], []), ("gemma4", [], ["vision_config.model_type"]),
        ("gemma4-clipped", ["image_mean", "image_std"], ["vision_config.model_type"]),
        ("llama4", ["vision_config.model_type"], []), ("pixtral", ["vision_config.model_type"], []),
        ("granite-speech", ["encoder_config.model_type"], []),
        ("internvl", [], ["vision_config.model_type"]), ("voxtral", [], ["audio_config.model_type"]),
        ("qwen2_5vl", ["vision_config.window_size"], []), ("kimi-k25", [], []),
        ("qwen2_5-omni", ["thinker_config.vision_config.window_size"], ["thinker_config.audio_config"]),
    ]) func tellsOfWhatLlamaCppReadsOtherwise(name: String, warnings: [String], notes: [String]) throws {
        let foreign = try HuggingFaceConversion(projectorOf: Self.read(name).model()).foreign
        #expect(foreign.filter { $0.weight == .warning }.map(\.key) == warnings)
        #expect(foreign.filter { $0.weight == .note }.map(\.key) == notes)
    }

    @Test func tellsOfHeadsThatTheReferenceDoesNotAskFor() {
        let config: JSON = ["vision_config": ["vt_num_attention_heads": 8]]
        var metadata = ModelMetadata(architecture: "clip")
        metadata.addProjectorType("kimik25")
        let found = ProjectorReading.findings(metadata, config)
        #expect(found.map(\.key) == ["vision_config.vt_num_attention_heads"])
        #expect(found.first?.reason.containsUTF8("is 8") == true)
    }

    @Test(arguments: names) func noTensorIsLostBetweenTextAndProjector(name: String) throws {
        let model = try Self.read(name).model()
        let projector = try Self.projector(of: model)
        // Of models whose text cannot be converted yet the plan has looked at the names of the text.
        guard let text = try? ArchitectureRegistry.family(of: model.config.architecture) else { return }
        let leftOut = type(of: projector).leftOut
        for tensor in model.tensors where projector.name(of: tensor.name) == nil {
            let isText = text.name(of: tensor.name) != nil
            #expect(isText || leftOut.contains { tensor.name.hasUTF8Prefix($0) }, "\(tensor.name)")
        }
    }

    @Test(arguments: names) func namesWhatIsMissing(name: String) throws {
        let found = try Self.read(name)
        let model = try found.model()
        let projector = try Self.projector(of: model)
        var tried = 0
        for (place, tensor) in model.tensors.enumerated() where tensor.name.hasUTF8Suffix(".weight") {
            guard let read = projector.name(of: tensor.name), let key = projector.names.key(of: read) else {
                continue
            }
            // Of the blocks the second is enough; what is optional may be missing where no block has it.
            let isFirstOfMany = key.block.map { $0 != "1" } ?? projector.names.optional.contains(key.key)
            if isFirstOfMany { continue }
            tried += 1
            var tensors = model.tensors
            tensors.remove(at: place)
            let error = #expect(throws: ConversionError.self, "\(tensor.name)") {
                _ = try ProjectorPlan(found.model(tensors), .f16)
            }
            #expect(error?.code == .tensorMissing, "\(tensor.name)")
            // Where no other tensor shows how the files call it, the name is the one that the family reads.
            let names = error?.tensors.map { ExactName($0) }
            #expect(names == [ExactName(tensor.name)] || names == [ExactName(read)], "\(tensor.name)")
        }
        #expect(tried > 5)
    }

    @Test(arguments: names) func namesWhatIsNotKnown(name: String) throws {
        let found = try Self.read(name)
        let model = try found.model()
        let projector = try Self.projector(of: model)
        let place = try #require(model.tensors.firstIndex { projector.name(of: $0.name) != nil })
        var tensors = model.tensors
        var more = tensors[place]
        more.name = more.name.replacingUTF8(".weight", with: "_more.weight").replacingUTF8(
            ".bias", with: "_more.bias")
        if more.name.hasSameBytes(as: tensors[place].name) { more.name += "_more" }
        tensors.append(more)
        let error = #expect(throws: ConversionError.self) {
            _ = try ProjectorPlan(found.model(tensors), .f16)
        }
        #expect(error?.code == .tensorUnknown)
        #expect(error?.message.containsUTF8("_more") == true)
        // What is of neither part is no text, either.
        more.name = "something.else.weight"
        tensors[tensors.count - 1] = more
        #expect(throws: ConversionError.self) { _ = try ProjectorPlan(found.model(tensors), .f16) }
    }

    @Test func knowsEachClassOnce() {
        let classes = ProjectorRegistry.classes
        #expect(Set(exactly: classes).count == classes.count)
        #expect(ProjectorRegistry.refusals.keys.filter { classes.containsExactly($0.text) } == [])
    }

    @Test func refusesBlocksThatAreNotThere() throws {
        let found = try Self.read("gemma3")
        var tensors = try found.model().tensors
        let place = try #require(tensors.firstIndex { $0.name.containsUTF8("layers.3.mlp.fc1.weight") })
        tensors[place].name = tensors[place].name.replacingUTF8("layers.3.", with: "layers.4.")
        let error = #expect(throws: ConversionError.self) {
            _ = try ProjectorPlan(found.model(tensors), .f16)
        }
        #expect(error?.message.containsUTF8("is of a block after the 4 that config.json states") == true)
    }

    @Test func refusesPicturesThatNothingPrepares() throws {
        let found = try Self.read("gemma3")
        let model = try found.model(files: ["preprocessor_config.json"])
        var metadata = ModelMetadata(architecture: "clip")
        let plan = try ProjectorPlan(model, .f16)
        let error = #expect(throws: ConversionError.self) { try plan.projector.addParameters(to: &metadata) }
        #expect(error?.message.containsUTF8("states \"image_mean\"") == true)
    }

    private static func projector(of model: HuggingFaceModel) throws -> any ModelProjector {
        try ProjectorRegistry.family(of: ProjectorRegistry.architecture(model.config.raw)).init(
            ProjectorModel(model))
    }
}
