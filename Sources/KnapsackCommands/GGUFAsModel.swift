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
    static func finding(_ path: String, type: String?) -> Diagnostic? {
        guard path.utf8.ends(with: ".gguf"), let real = try? Directory.realPath(path),
            (try? FileStatus.status(of: real))?.kind == .file
        else { return nil }
        let wanted = type.flatMap { try? QuantizationType(named: $0) }?.name
        return Diagnostic(
            code: .directoryMissing,
            "\(FileWalk.shown(path)) is a GGUF file already, and no directory of a model",
            notes: [
                "Q8_0 stands for the type that is wanted" + (wanted.map { ", here \($0)" } ?? ""),
                "a file that is quantized already is quantized again with --allow-requantize alone",
            ],
            fix: "to make another type of it: knapsack quantize \(ShellWord.quoted(path)) Q8_0",
            verdict: .undecided)
    }
}
