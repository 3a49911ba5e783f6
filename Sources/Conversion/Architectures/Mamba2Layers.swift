import Formats
import Tensors

/// The layers of Mamba 2, alone or among others: what GGUF has of their tensors, and their sizes.
struct Mamba2Layers: Sendable {
    /// How many groups of heads share inputs and outputs of the state.
    let groups: Int
    /// How many elements all heads have together.
    let inner: Int

    /// - Throws: where the elements cannot be divided among the groups.
    init(groups: Int, inner: Int) throws(ConversionError) {
        guard groups > 0, inner > 0, inner <= Int(Int32.max), inner.isMultiple(of: groups) else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \(inner) elements cannot be divided among \(groups) groups of heads",
                fix: "check that it is the config.json of this model")
        }
        (self.groups, self.inner) = (groups, inner)
    }

    /// The names of a layer's tensors by the path where checkpoints have them, as `model.layers.*.mamba`.
    static func names(_ path: String) -> [ExactName: String] {
        var names: [ExactName: String] = [:]
        for (part, inGGUF) in [
            ("in_proj", "ssm_in"), ("conv1d", "ssm_conv1d"), ("dt_proj", "ssm_dt"), ("A_log", "ssm_a"),
            ("D", "ssm_d"), ("norm", "ssm_norm"), ("out_proj", "ssm_out"),
        ] { names[ExactName("\(path).\(part)")] = "blk.*.\(inGGUF)" }
        return names
    }

    /// What a layer must have.
    /// - Parameter hasBias: whether its convolution has one.
    static func required(hasBias: Bool) -> [String] {
        [
            "ssm_in", hasBias ? "ssm_conv1d+" : "ssm_conv1d", "ssm_dt.bias", "ssm_a.", "ssm_d.", "ssm_norm",
            "ssm_out",
        ]
    }

    /// A renamed tensor in the shape that GGUF has, and with what is computed of it.
    /// - Parameter name: the one that the checkpoint has.
    func shaped(_ tensor: ConvertedTensor, _ name: String) throws(ConversionError) -> ConvertedTensor {
        var value = tensor.value
        if tensor.name.hasUTF8Suffix(".ssm_conv1d.weight") {
            value = StateSpace.squeezed(name, value)
        } else if tensor.name.hasUTF8Suffix(".ssm_a") || tensor.name.hasUTF8Suffix(".ssm_d") {
            value.shape.append(1)
        } else if tensor.name.hasUTF8Suffix(".ssm_norm.weight") {
            guard value.elementCount == inner else {
                throw ConversionError.wrongShape(name, value.shape, "which is not [\(inner)]")
            }
            value.shape = [groups, inner / groups]
        }
        return ConvertedTensor(tensor.name, StateSpace.decay(name, value))
    }
}

extension ModelConfig {
    /// A size above 0; another where none of the keys has one that is above 0.
    func size(_ keys: [String], otherwise: Int) throws(ConversionError) -> Int {
        guard let value = first(keys), value.wholeNumber != 0 else { return otherwise }
        guard let size = value.wholeNumber, size > 0, size <= Int(Int32.max) else {
            let key = keys.first { self[$0] != nil } ?? keys[0]
            throw .wrongValue(key, value, "a whole number above 0")
        }
        return size
    }

    /// The keys, and behind them the same for what is Mamba's.
    static func mamba(_ keys: String...) -> [String] { keys + keys.map { "mamba_\($0)" } }

    /// A size above 0 under one of these keys, of which some are Mamba's.
    func mambaSize(_ keys: String...) throws(ConversionError) -> Int {
        let keys = keys + keys.map { "mamba_\($0)" }
        let size = try size(keys, otherwise: 0)
        guard size > 0 else { throw Self.missing(keys) }
        return size
    }
}
