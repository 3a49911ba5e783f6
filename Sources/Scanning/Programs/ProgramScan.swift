package import Formats

/// What a file of a model brings along that runs when the file is loaded, and that is no pickle: layers that are code,
/// classes by name, operators, programs in archives. Nothing of it is executed.
package struct ProgramScan: Equatable, Sendable {
    /// Something that is not known to be harmless.
    package struct Finding: Hashable, Sendable {
        /// Whether it could not be read, so that nothing is known, in place of being something bad.
        package let isUnreadable: Bool
        /// One sentence without a full stop.
        package let message: String
        /// The member of the archive, or the place in the file; empty for the file itself.
        package let member: String
    }

    /// The most findings that are kept; further ones count in ``omitted``.
    package static let maximumTold = 32

    /// What the file is: "Keras model", "ONNX model" and so on.
    package internal(set) var format: String
    /// What is not known to be harmless, in the order of the file, each once.
    package private(set) var findings: [Finding] = []
    /// How many findings were not kept.
    package private(set) var omitted = 0

    /// Makes the scan of a file of this format in which nothing was found.
    init(format: String) { self.format = format }

    /// Adds a finding that is not there yet, or counts it as omitted where there is no room.
    mutating func add(_ message: String, in member: String = "", isUnreadable: Bool = false) {
        let finding = Finding(
            isUnreadable: isUnreadable, message: message, member: member.shortAndPlain)
        guard !findings.contains(finding) else { return }
        guard findings.count < Self.maximumTold else {
            omitted += 1
            return
        }
        findings.append(finding)
    }

    /// Looks for programs in a file. Content decides, and the name only where a format has no mark of its own, as ONNX.
    ///
    /// Looked into are Keras models (`.keras` and HDF5), TorchScript, `torch.export`'s archives, ONNX, TensorFlow's
    /// SavedModel, skops, TorchServe's and NeMo's archives. Safetensors, GGUF, Flax's msgpack and weights in HDF5 have
    /// no place for a program. Pickles are ``PickleScan``'s.
    /// - Parameters:
    ///   - name: the file's name, of which the last part counts.
    ///   - fileSize: the file's length in bytes.
    ///   - yaml: reads a YAML document as JSON; `nil` for one that cannot be read.
    ///   - read: returns the bytes of a non-empty range inside the file.
    /// - Returns: `nil` for a file that is not one of these. One that should be and cannot be read is *not* an error, but has
    ///   a finding.
    package static func read<Failure>(
        name: String, fileSize: Int, yaml: @escaping ([UInt8]) -> JSON?,
        bytes read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(Failure) -> ProgramScan? {
        var file = ProgramFile<Failure>(name: name, yaml: yaml)
        try file.look(ProgramFile<Failure>.Part(name: name, member: "", size: fileSize), read)
        return file.scan
    }
}
