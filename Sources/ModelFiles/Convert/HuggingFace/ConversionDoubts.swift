import Conversion
import Formats
import Manifests
import Storage
import Tensors
import Tokenizers

/// What of a model or of what is asked for may not be meant, though a GGUF can be made.
enum ConversionDoubts {
    /// The doubts, as warnings.
    /// - Parameters:
    ///   - model: what the conversion was decided from.
    ///   - conversion: what was decided.
    ///   - name: the model or entry, with which messages begin.
    static func findings(
        _ model: HuggingFaceModel, _ conversion: HuggingFaceConversion,
        _ options: HuggingFaceConversion.Options, for name: String
    ) -> [Diagnostic] {
        [adapter(model, name), preTokenizer(model, conversion, options, name)].compactMap(\.self)
    }

    /// That transformers would load an adapter on top of the weights, which the GGUF has not.
    private static func adapter(_ model: HuggingFaceModel, _ name: String) -> Diagnostic? {
        guard model.files["adapter_config.json"] != nil else { return nil }
        return Diagnostic(
            code: .adapterLeftOut,
            "\(name): there is an adapter beside the weights (adapter_config.json), which the GGUF does not have",
            fix:
                "merge it first, with --merge and --dtype or an entry with merge; or remove adapter_config.json"
        )
    }

    /// That a name was given that the tokenizer does not take, or that is not the one that is known for it.
    private static func preTokenizer(
        _ model: HuggingFaceModel, _ conversion: HuggingFaceConversion,
        _ options: HuggingFaceConversion.Options, _ name: String
    ) -> Diagnostic? {
        guard let named = options.preTokenizer else { return nil }
        guard case .string(let written)? = conversion.metadata["tokenizer.ggml.pre"],
            written.hasSameBytes(as: named)
        else {
            return Diagnostic(
                code: .preTokenizerDiffers,
                "\(name): the pre-tokenizer \(named) is not used, since a tokenizer of this kind has none",
                fix: "leave --pre out, or pre-tokenizer in the manifest")
        }
        guard let known = known(model), !known.hasSameBytes(as: named) else { return nil }
        return Diagnostic(
            code: .preTokenizerDiffers,
            "\(name): the pre-tokenizer is named as \(named), and its files split a text as that of \(known) does",
            fix: "name \(known), unless the model's card states another one")
    }

    /// The name that the tokenizer's files tell; `nil` where they tell none.
    private static func known(_ model: HuggingFaceModel) -> String? {
        guard let tokenizer = (try? model.files.json("tokenizer.json")).flatMap(\.self) else { return nil }
        let hash: SHA256Function = { bytes throws(ConversionError) in
            do throws(HashingFailure) {
                return try ContentHasher.sha256(bytes.span).hex
            } catch {
                throw ConversionError(.hashingFailed, error.description)
            }
        }
        return
            (try? PreTokenizer.identify(
                files: model.files, config: model.config.json, parsed: tokenizer, sha256: hash))
            ?? PreTokenizer.proposal(for: tokenizer)
    }
}
