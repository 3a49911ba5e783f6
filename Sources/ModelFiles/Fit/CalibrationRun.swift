import Conversion
package import Fitting
import Formats
package import Manifests
package import Storage
import Tensors

/// Measures what the roles of a model weigh: quantizes one role after the other, and has llama-perplexity run each.
package struct CalibrationRun: Sendable {
    /// The mean relative error that is aimed at: that of a type of about four bits. Less drowns in rounding, and more is
    /// outside of what adds up.
    private static let aim = 0.008
    /// Goes up whenever the same models and text would be measured in another way.
    private static let version = 1

    private let model: FitModel
    private let request: LogitsRequest
    private let program: LogitsProgram
    private let environment: [String: String]
    private let directory: String
    private let index: ValueIndex?
    private let threads: Int
    private let progress: ProgressHandler

    /// Prepares; nothing is run.
    /// - Parameters:
    ///   - directory: an empty one, with room for the model twice and for the logits.
    ///   - index: where what was measured is remembered.
    package init(
        of model: FitModel, on request: LogitsRequest, by program: LogitsProgram,
        environment: [String: String], in directory: String, index: ValueIndex?, threads: Int,
        progress: @escaping ProgressHandler
    ) {
        self.model = model
        self.request = request
        self.program = program
        self.environment = environment
        self.directory = directory
        self.index = index
        self.threads = threads
        self.progress = progress
    }

    /// A role that is quantized.
    private struct Trial {
        let name: String
        /// The tensors' types: one for all of the role.
        var types: [Int: GGMLType] = [:]
        var type: GGMLType
        var error = 0.0
        var usual = 0
    }

    /// Measures.
    /// - Returns: the weights; the same for the same model, text and answers of the program.
    /// - Throws: ``Diagnostics`` where the program gives no figures, or no role makes any difference.
    package func run() async throws -> Calibration {
        let trials = trials
        guard !trials.isEmpty else { throw Diagnostics(nothing("no tensor has types to choose from")) }
        let keys = try await keys(trials)
        let texts = index?.texts(for: keys) ?? []
        var known = texts.map { text in text.flatMap { UInt64($0, radix: 16) }.map(Double.init(bitPattern:)) }
        if known.count != keys.count { known = keys.map { _ in nil } }
        if known.contains(where: { $0.map { !$0.isFinite } ?? true }) {
            known = try await measure(trials)
            index?.remember(zip(keys, known).map { ($0, String(($1 ?? 0).bitPattern, radix: 16)) })
        }
        let divergences = known.map { $0 ?? 0 }
        let measured = zip(trials, divergences).map { trial, divergence in
            Calibration.Measurement(
                role: trial.name, type: trial.type.name, error: trial.error, divergence: divergence,
                usual: trial.usual)
        }
        guard let calibration = Calibration(measured, together: divergences.last ?? 0) else {
            throw Diagnostics(nothing("no role makes any difference on \(request.text)"))
        }
        return calibration
    }

    /// What each trial makes, and all of them together.
    private func measure(_ trials: [Trial]) async throws -> [Double?] {
        let base = Path.join(directory, "model.gguf")
        let own = model.tensors.map(\.tensor.type)
        try await model.write(own, to: base, threads: threads, progress: progress)
        let run = try LlamaRun(
            base, request, by: program, in: directory, environment: environment, progress: progress)
        var divergences: [Double?] = []
        let all = trials.reduce(into: [:]) { $0.merge($1.types) { first, _ in first } }
        for types in trials.map(\.types) + [all] {
            let path = Path.join(directory, "trial.gguf")
            try Directory.removeFile(path)
            let mixed = own.indices.map { types[$0] ?? own[$0] }
            try await model.write(mixed, to: path, threads: threads, progress: progress)
            divergences.append(try run.figures(of: path, progress: progress).divergence.value)
        }
        return divergences
    }

    /// The roles of which tensors may be quantized, in the order of their names.
    private var trials: [Trial] {
        var roles: [ExactName: [Int]] = [:]
        for (number, tensor) in model.tensors.enumerated()
        where tensor.isQuantized && tensor.candidates.contains(where: { $0 != tensor.tensor.type }) {
            roles[ExactName(RoleWeights.name(of: tensor.tensor.role)), default: []].append(number)
        }
        return roles.sorted { $0.key < $1.key }.compactMap { name, tensors in
            trial(name.text, tensors)
        }
    }

    /// The type with a mean error that is nearest to the aim, of those that all tensors of the role may get.
    private func trial(_ name: String, _ tensors: [Int]) -> Trial? {
        var best: Trial?
        var least = Double.infinity
        for type in model.tensors[tensors[0]].candidates {
            let errors = tensors.compactMap { number -> Double? in
                let tensor = model.tensors[number]
                guard tensor.candidates.contains(type), type != tensor.tensor.type else { return nil }
                return model.error(of: type, for: number)
            }
            let sum = errors.reduce(0, +)
            guard errors.count == tensors.count, sum > 0 else { continue }
            let ratio = sum / Double(errors.count) / Self.aim
            let distance = max(ratio, 1 / ratio)
            guard distance < least else { continue }
            least = distance
            best = Trial(
                name: name, types: Dictionary(uniqueKeysWithValues: tensors.map { ($0, type) }), type: type,
                error: sum, usual: model.tensors[tensors[0]].weight)
        }
        return best
    }

    /// Under what the divergences are remembered: everything that they depend on.
    private func keys(_ trials: [Trial]) async throws -> [String] {
        let costs = FitCosts(
            model.origin, imatrix: nil, index: index, threads: threads, progress: progress)
        let digests = try await costs.digests(of: Array(model.origin.tensors.indices))
        let importance = try model.importanceDigest()
        var hasher = try ContentHasher()
        for digest in digests { try hasher.update(Array(digest.hex.utf8).span) }
        try hasher.update(model.origin.metadata.bytes.span)
        let tensors = try hasher.finish().sha256.hex
        var buffer = Buffer(count: FileReader.blockSize)
        let text = try FileReader.read(
            try FileHandle.named(request.text), gitBlob: false, buffer: &buffer
        ) { _ in }.digests.sha256.hex
        let common =
            "divergence \(Self.version) \(tensors) \(importance) \(text) \(request.context) \(request.chunks ?? 0) "
            + "\(program.version)"
        let all = trials.map { "\($0.name) \($0.type.name)" }
        return (all + [all.joined(separator: ", ")]).map { "\(common) \($0)" }
    }

    private func nothing(_ words: String) -> Diagnostic {
        Diagnostic(
            code: .logitsFailed, "the weights of roles cannot be measured: \(words)",
            fix: "take a longer text, or fit without calibration", verdict: .undecided)
    }
}
