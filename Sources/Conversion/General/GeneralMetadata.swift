import Tensors

/// The `general.*` keys.
public struct GeneralMetadata: Sendable, Equatable {
    init(
        card: JSON?, config: JSON?, generationConfig: JSON?, directoryName: String, modelName: String?,
        overrides: JSON?, parameterCount: ParameterCount
    ) throws(ConversionError) {}
    func add(to metadata: inout ModelMetadata) {}
}
/// How many parameters.
public struct ParameterCount: Sendable, Equatable {
    init(_ tensors: [TensorDescription]) {}
}
