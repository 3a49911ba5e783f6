import Caches
import Conversion
import Formats
import Manifests
import Storage

/// A GGUF file that was named to be converted, which is for `knapsack quantize`.
enum GGUFAsModel {
    /// What to do instead; `nil` where it is no such file.
    /// - Parameters:
    ///   - path: the model as the command line names it.
    ///   - type: what `--outtype` asks for, if it was given.
    ///   - output: the output, if it was named.
    static func finding(_ path: String, type: String?, output: String?) -> Diagnostic? {
        guard path.utf8.ends(with: ".gguf"), let real = try? Directory.realPath(path),
            (try? FileStatus.status(of: real))?.kind == .file
        else { return nil }
        let wanted = type.flatMap { try? QuantizationType(named: $0) }?.name ?? "Q8_0"
        let rest = [output, wanted].compactMap(\.self).map(ShellWord.quoted).joined(separator: " ")
        return Diagnostic(
            code: .directoryMissing,
            "\(FileWalk.shown(path)) is a GGUF file already, and no directory of a model",
            notes: ["a file that is quantized already is quantized again with --allow-requantize alone"],
            fix: "to make another type of it: knapsack quantize \(ShellWord.quoted(path)) \(rest)", verdict: .undecided)
    }
}
