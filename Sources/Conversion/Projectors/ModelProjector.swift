package import Formats
package import Tensors

/// What turns the pictures or sounds of a family of models into embeddings: its tensors' names and values, and its
/// keys. One file has one family; a GGUF of it (mmproj) stands beside that of the part for text.
///
/// A value is made for one conversion, and is asked first for each tensor in the checkpoint's order, then for the keys.
package protocol ModelProjector: Sendable {
    /// The classes in `architectures` of config.json, or of its part for pictures, that this is for.
    static var classes: [String] { get }

    /// Beginnings of tensors' names that the reference converter writes into neither of both files.
    static var leftOut: [String] { get }

    /// Beginnings of names in the part for text beside those that all families may have.
    static var texts: [String] { get }

    /// Begins a conversion.
    /// - Throws: where the configuration lacks a key, or a value is out of bounds.
    init(_ model: ProjectorModel) throws(ConversionError)

    /// What the tensors that ``name(of:)`` has read are in GGUF, and how many blocks there are.
    var names: ProjectorNames { get }

    /// The name by which a tensor goes on; `nil` for one that is no part of the projector.
    func name(of tensor: String) -> String?

    /// What is written of the checkpoint's next tensor: nothing, one tensor, or several.
    /// - Parameters:
    ///   - name: what ``name(of:)`` made of its name.
    ///   - value: all of the tensor.
    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor]

    /// What is written before the checkpoint's tensors, computed from the configuration.
    func generatedTensors() throws(ConversionError) -> [ConvertedTensor]

    /// Looks at what is left when all tensors were converted.
    /// - Throws: where a tensor is missing of which others are made.
    func finish() throws(ConversionError)

    /// What is worth knowing of the file, when all tensors were converted.
    var findings: [ForeignFinding] { get }

    /// The type that a tensor of two or more dimensions has whatever was asked; `nil` where nothing speaks against.
    /// - Parameters:
    ///   - name: what ``name(of:)`` made of its name; empty for one that was generated.
    ///   - written: its name in GGUF.
    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType?

    /// Adds the keys behind `general.file_type`.
    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError)
}

extension ModelProjector {
    /// Nothing.
    package static var leftOut: [String] { [] }

    /// None.
    package static var texts: [String] { [] }

    /// Another name, and nothing else.
    package func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try names.renamed(name, value)]
    }

    /// None.
    package func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { [] }

    /// Nothing is left.
    package func finish() throws(ConversionError) {}

    /// Nothing.
    package var findings: [ForeignFinding] { [] }

    /// Nothing speaks against.
    package func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? { nil }
}
