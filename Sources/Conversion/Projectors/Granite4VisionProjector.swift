import Formats
import Tensors

/// The part for pictures of Granite 4 Vision: SigLIP, of several layers of which a transformer asks questions for a
/// layer of the text each.
struct Granite4VisionProjector: ModelProjector {
    static let classes = ["Granite4VisionForConditionalGeneration"]
    static let leftOut = ["model.vision_tower.vision_model.head."]

    /// What asks questions: the layer of the tower that is asked, and that of the text which takes the answers.
    private struct Asker {
        let name: String
        let seen: Int
        let taker: Int
        /// Its place among those that look at a part of the picture; -1 for others.
        let offset: Int
    }

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let askers: [Asker]

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        vision = try model.vision()
        askers = try Self.askers(model, vision)
        let tower = "model.vision_tower.vision_model."
        var names = ProjectorNames(
            TowerTensors.siglip(tower), counts: [("\(tower)encoder.layers.", try vision.towerDepth())],
            optional: [ExactName("\(tower)post_layernorm")])
        names.names["model.image_newline"] = "v.image_newline"
        for (place, asker) in askers.enumerated() {
            for (part, written) in Self.asking {
                names.names[ExactName("\(asker.name).\(part.text)")] = "v.proj_blk.\(place).\(written)"
            }
        }
        self.names = names
    }

    func name(of tensor: String) -> String? {
        if Self.leftOut.contains(where: { tensor.hasUTF8Prefix($0) }) { return nil }
        let starts = ["model.vision_tower.", "model.layerwise_projectors.", "model.spatial_projectors."]
        let isOwn = starts.contains { tensor.hasUTF8Prefix($0) }
        return isOwn || tensor.hasSameBytes(as: "model.image_newline") ? tensor : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("granite4_vision")
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-6))
        metadata["clip.use_gelu"] = .bool(true)
        try metadata.addNeededNumber("vision.preproc_image_size", vision, ["image_size"])
        let rate = model.raw["downsample_rate"] ?? .null
        let sides = (rate.string ?? "").split(separator: "/", omittingEmptySubsequences: false).map {
            Int($0)
        }
        guard sides.count == 2, let query = sides[0], let window = sides[1], query > 0, window > 0 else {
            throw .wrongValue("downsample_rate", rate, "two numbers, as \"4/8\"")
        }
        metadata.set("vision.projector.query_side", try ModelMetadata.count(query))
        metadata.set("vision.projector.window_side", try ModelMetadata.count(window))
        metadata.set("vision.feature_layer", .int32s(askers.map { Int32(clamping: $0.seen) }))
        metadata.set("vision.projector.spatial_offsets", .int32s(askers.map { Int32(clamping: $0.offset) }))
        guard let stated = model.raw["image_grid_pinpoints"], stated.isTruthy else { return }
        // Height before width in the configuration, width before height in the file.
        var sizes: [Int32] = []
        for pair in stated.array ?? [] {
            let numbers = (pair.array ?? []).compactMap { $0.integer.flatMap(Int32.init(exactly:)) }
            guard numbers.count == 2 else {
                throw .wrongValue("image_grid_pinpoints", stated, "a list of heights and widths")
            }
            sizes += [numbers[1], numbers[0]]
        }
        metadata.set("vision.image_grid_pinpoints", .int32s(sizes))
    }

    /// All that ask, in the order of the layers that take the answers.
    private static func askers(
        _ model: ProjectorModel, _ vision: ModelConfig
    ) throws(ConversionError) -> [Asker] {
        let depth = try vision.size("num_hidden_layers")
        guard let text = model.part("text_config") else { throw ModelConfig.missing(["text_config"]) }
        let textDepth = try text.size("num_hidden_layers")
        var askers: [Asker] = []
        let map = model.raw["deepstack_layer_map"] ?? []
        var pairs: [[Int]] = []
        for pair in map.array ?? [] {
            let numbers = (pair.array ?? []).compactMap(\.integer)
            guard numbers.count == 2, (-depth..<depth).contains(numbers[0]),
                (-textDepth..<textDepth).contains(numbers[1])
            else { throw .wrongValue("deepstack_layer_map", map, "a list of pairs of layers") }
            pairs.append(numbers)
        }
        for (place, pair) in pairs.sorted(by: { ($0[0], $0[1]) < ($1[0], $1[1]) }).enumerated() {
            askers.append(
                Asker(
                    name: "model.layerwise_projectors.\(place)",
                    seen: pair[0] < 0 ? pair[0] + depth : pair[0],
                    taker: pair[1] < 0 ? pair[1] + textDepth : pair[1], offset: -1))
        }
        let stated = model.raw["spatial_target_layers"] ?? []
        let takers = (stated.array ?? []).compactMap(\.integer)
        let seen = model.raw["spatial_vision_layer"]?.integer ?? -1
        guard takers.count == (stated.array ?? []).count, (-depth..<depth).contains(seen) else {
            throw .wrongValue("spatial_target_layers", stated, "a list of layers")
        }
        for (place, taker) in takers.enumerated() {
            askers.append(
                Asker(
                    name: "model.spatial_projectors.\(place)", seen: seen < 0 ? seen + depth : seen,
                    taker: taker, offset: place))
        }
        // Of more the reference takes the tenth for the first.
        guard (1...10).contains(askers.count) else {
            throw .wrongValue("deepstack_layer_map", map, "a list of 1 to 10 pairs of layers")
        }
        return askers.enumerated().sorted { ($0.element.taker, $0.offset) < ($1.element.taker, $1.offset) }
            .map(\.element)
    }

    private static let asking: [ExactName: String] = [
        "image_positions": "img_pos", "query": "query", "out_linear": "linear", "norm": "norm",
        "qformer.layernorm": "post_norm",
    ].merging(
        TowerTensors.questions.map { (ExactName("qformer.encoder.layer.0.\($0.key.text)"), $0.value) }
    ) { $1 }
}
