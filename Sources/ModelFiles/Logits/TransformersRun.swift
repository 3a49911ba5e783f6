import Formats
package import Manifests
import Storage

/// Runs two directories of safetensors with transformers, both in memory at once.
package enum TransformersRun {
    /// Finds the Python, and the version of transformers in it.
    /// - Throws: ``Diagnostics`` where there is none.
    package static func program(_ environment: [String: String]) throws(Diagnostics) -> LogitsProgram {
        let path = try LogitsProgram.python(environment)
        let script = """
            import sys
            sys.path = [place for place in sys.path if place not in ("", ".")]
            import torch, transformers
            print("version: transformers", transformers.__version__, "with torch", torch.__version__)
            """
        let answer = try LogitsProgram.run(
            [path, "-c", script], "python", for: "its version", environment, limit: 1 << 16)
        guard answer.status == 0, let version = LlamaOutput.version(answer.output) else {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsProgram, "\(path) has no transformers with torch",
                    notes: LlamaOutput.reasons(answer.messages).map { "it states: \($0)" },
                    fix:
                        "set \(LogitsProgram.pythonVariable) to a Python that has both, or compare GGUF models, "
                        + "which need llama.cpp", verdict: .undecided))
        }
        return LogitsProgram(name: "transformers", path: path, version: version)
    }

    /// Runs both models.
    /// - Parameters: the paths of their directories.
    /// - Throws: ``Diagnostics`` where they have other tokens, or give no figures.
    package static func figures(
        of original: String, and other: String, _ request: LogitsRequest, by program: LogitsProgram,
        environment: [String: String], progress: @escaping ProgressHandler
    ) throws -> LogitsFigures {
        let paths = try [original, other, request.text].map { try Directory.realPath(named: $0) }
        progress(.began(stage: "running both models", files: 2, bytes: 0, counted: "models"))
        defer { progress(.ended) }
        let answer = try LogitsProgram.run(
            [program.path, "-c", TransformersScript.text] + paths
                + ["\(request.context)", "\(request.chunks ?? 0)"], program.name, for: original, environment,
            limit: 1 << 20)
        guard answer.status == 0 else {
            throw LogitsProgram.failure("\(program.name) could not run \(original) and \(other)", answer)
        }
        guard let document = try? JSON.parse(answer.output.span) else {
            throw LogitsProgram.failure("what \(program.name) wrote is no figures", answer)
        }
        if document["unlike"]?.bool == true {
            throw Diagnostics(
                Diagnostic(
                    code: .logitsUnlike, "\(other) has other tokens than the original",
                    fix: "compare a model with what was made from it", verdict: .undecided))
        }
        if let judged = document["short"]?.integer {
            throw Diagnostics(request.tooShort("\(judged) tokens are judged"))
        }
        guard let figures = figures(document, request) else {
            throw LogitsProgram.failure("what \(program.name) wrote is no figures", answer)
        }
        return figures
    }

    /// The figures of a document; `nil` where one is missing or cannot be.
    static func figures(_ document: JSON, _ request: LogitsRequest) -> LogitsFigures? {
        func number(_ value: JSON?) -> Double? {
            switch value {
            case .number(let number)?: number.isFinite ? number : nil
            case .integer(let number)?: Double(number)
            default: nil
            }
        }
        func estimate(_ key: String, from least: Double, to most: Double = .infinity) -> LogitsFigures
            .Estimate?
        {
            guard let values = document[key]?.array, values.count == 2, let value = number(values[0]),
                let uncertainty = number(values[1]), value >= least, value <= most, uncertainty >= 0
            else { return nil }
            return LogitsFigures.Estimate(value, uncertainty)
        }
        guard let original = estimate("original", from: 1), let other = estimate("other", from: 1),
            let divergence = estimate("divergence", from: -0.001),
            let agreement = estimate("agreement", from: 0, to: 1), let median = number(document["median"]),
            let percentile = number(document["percentile99"]), let greatest = number(document["greatest"]),
            let chunks = document["chunks"]?.integer, chunks > 0, chunks <= request.chunks ?? .max,
            let vocabulary = document["vocabulary"]?.integer, vocabulary > 0
        else { return nil }
        return LogitsFigures(
            original: original, other: other, divergence: divergence, median: median,
            percentile99: percentile, greatest: greatest, agreement: agreement,
            extent: LogitsExtent(context: request.context, chunks: chunks, vocabulary: vocabulary))
    }
}
