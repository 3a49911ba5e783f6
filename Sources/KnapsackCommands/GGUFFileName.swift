import Bundling
import Conversion

/// How a GGUF file of a model is called.
enum GGUFFileName {
    /// A path with the placeholders in its last part filled: `{ftype}`, `{FTYPE}` and their like become the type's
    /// name.
    /// - Throws: ``Diagnostics`` where there is another placeholder.
    static func filled(_ path: String, type: String) throws -> String {
        let bytes = path.utf8
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes.index(after: $0) } ?? bytes.startIndex
        do throws(ConversionError) {
            return try path[..<start] + GeneralMetadata.fileName(filling: String(path[start...]), type: type)
        } catch {
            throw Diagnostics(
                Diagnostic(code: error.code, error.message, fix: error.fix, verdict: .undecided))
        }
    }

    /// The name of a file that nobody named.
    static func standard(_ conversion: HuggingFaceConversion, type: String, isVocabulary: Bool) -> String {
        conversion.general.fileName(type: type, isVocabularyOnly: isVocabulary)
    }
}
