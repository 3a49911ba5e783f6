import Formats
package import Manifests
import Storage

/// A program that runs models, as it was found, with the version that it states.
package struct LogitsProgram: Equatable, Sendable {
    /// The variable that names the folder of llama.cpp's programs, or llama-perplexity itself.
    package static let llamaVariable = "KNAPSACK_LLAMA_CPP"
    /// The variable that names the Python that has transformers.
    package static let pythonVariable = "KNAPSACK_PYTHON"

    /// What it is called: "llama-perplexity", or "transformers".
    package let name: String
    /// The path of what is run.
    package let path: String
    /// The version that it states.
    package let version: String

    /// Finds llama-perplexity, where ``llamaVariable`` or else the search path states it, and asks for its version.
    /// - Throws: ``Diagnostics`` where there is none, or it states no version.
    package static func llama(_ environment: [String: String]) throws(Diagnostics) -> LogitsProgram {
        let name = "llama-perplexity"
        let path: String
        if let stated = environment[llamaVariable], !stated.isEmpty {
            let places = [stated] + ["", "bin", "build/bin"].map { Path.join(Path.join(stated, $0), name) }
            guard let found = places.first(where: isProgram) else {
                throw missing("\(llamaVariable) is \(stated), and there is no \(name)")
            }
            path = found
        } else {
            guard let found = inSearchPath(name, environment) else {
                throw missing("there is no \(name) in PATH")
            }
            path = found
        }
        let answer = try run(
            [path, "--version"], name, for: "its version", environment, limit: 1 << 16)
        guard let version = LlamaOutput.version(answer.messages) ?? LlamaOutput.version(answer.output) else {
            throw failure("\(path) states no version", answer)
        }
        return LogitsProgram(name: name, path: path, version: version)
    }

    /// Finds the Python that ``pythonVariable`` names, or else python3 of the search path.
    static func python(_ environment: [String: String]) throws(Diagnostics) -> String {
        if let stated = environment[pythonVariable], !stated.isEmpty {
            guard isProgram(stated) else {
                throw missing("\(pythonVariable) is \(stated), which is no program")
            }
            return stated
        }
        guard let path = inSearchPath("python3", environment) else {
            throw missing("there is no python3 in PATH")
        }
        return path
    }

    /// Runs a program to its end.
    /// - Parameter purpose: what it is run for, as messages name it.
    /// - Throws: ``Diagnostics`` where it cannot be run.
    static func run(
        _ command: [String], _ name: String, for purpose: String, _ environment: [String: String], limit: Int,
        heard: (ArraySlice<UInt8>) -> Void = { _ in }
    ) throws(Diagnostics) -> WorkingProgram.Answer {
        do throws(FileError) {
            return try WorkingProgram.run(
                command, environment: given(environment), limit: limit, heard: heard)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsFailed, "\(name) cannot be run for \(purpose): \(error)",
                    fix: error.remedy(), verdict: .undecided))
        }
    }

    /// What to report of a program that gave no figures.
    static func failure(_ message: String, _ answer: WorkingProgram.Answer) -> Diagnostics {
        let reasons = LlamaOutput.reasons(answer.messages)
        return Diagnostics(
            Diagnostic(
                code: .logitsFailed, message, notes: reasons.map { "it states: \($0)" }, verdict: .undecided))
    }

    // MARK: Places

    private static func isProgram(_ path: String) -> Bool {
        guard let real = try? Directory.realPath(path), (try? FileStatus.status(of: real).kind) == .file
        else {
            return false
        }
        return OpenDirectory.isRunnable(real)
    }

    /// Relative places of a search path are not looked into: a program in a model's directory is nobody's choice.
    private static func inSearchPath(_ name: String, _ environment: [String: String]) -> String? {
        let places = (environment["PATH"] ?? "").utf8.split(separator: UInt8(ascii: ":"))
        return places.lazy.map { String(Substring($0)) }.filter { $0.utf8.first == UInt8(ascii: "/") }
            .map { Path.join($0, name) }.first(where: isProgram)
    }

    /// What others need of the environment: no tokens, and nothing that changes what is logged.
    private static func given(_ environment: [String: String]) -> [String: String] {
        let secrets = ["TOKEN", "KEY", "SECRET", "PASSWORD", "CREDENTIAL"]
        return environment.filter { name, _ in
            !name.utf8.starts(with: "LLAMA_LOG".utf8) && !name.utf8.starts(with: "LLAMA_ARG_LOG".utf8)
                && !secrets.contains { name.containsUTF8($0) }
        }
    }

    private static func missing(_ message: String) -> Diagnostics {
        Diagnostics(
            Diagnostic(
                code: .logitsProgram, message,
                fix:
                    "GGUF models need llama.cpp: set \(llamaVariable) to the folder of its programs; directories of "
                    + "safetensors need transformers: set \(pythonVariable) to a Python that has it",
                verdict: .undecided))
    }
}
