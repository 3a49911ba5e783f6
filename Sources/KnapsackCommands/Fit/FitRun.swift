import ArgumentParser
import Conversion
import Fitting
import Formats
import Manifests
import ModelFiles
import Storage

/// `knapsack quantize MODEL OUTPUT fit`
struct FitRun {
    /// The name that stands for a type.
    static let typeName = "fit"

    private let fit: FitOptions
    private let request: FitPlan.Request
    private let threads: Int?
    private let dryRun: Bool

    /// Takes what was asked for.
    init(_ fit: FitOptions, _ request: FitPlan.Request, threads: Int?, dryRun: Bool) {
        self.fit = fit
        self.request = request
        self.threads = threads
        self.dryRun = dryRun
    }

    /// Measures, chooses, and writes.
    func run(on model: GGUFModel, _ session: Session) async throws {
        // Nothing is measured for an output that cannot be.
        try model.refuse(output: request.quantization.output)
        if let path = fit.writeTensorTypes {
            try model.refuse(output: path)
            let output = request.quantization.output
            if Path.normalized(path).hasSameBytes(as: Path.normalized(output)) {
                throw Diagnostics(
                    Diagnostic(
                        code: .usage, "--write-tensor-types names the model that is written",
                        fix: "give it a name of its own", verdict: .undecided))
            }
        }
        let mixture = try fit.compare.map { try self.mixture($0, of: model) }
        let index = session.context.cacheDirectory.flatMap {
            ValueIndex.open(FitCosts.indexName, inDirectory: $0)
        }
        let fitted = try await FitModel(
            model, request, mixtures: mixture.map { [$0.quantizer.plan] } ?? [], index: index,
            threads: threads ?? Parallel.width, progress: session.progress)
        let plan = try fitted.plan()
        let report = FitReport(
            plan, of: fitted, comparison: mixture.map { FitReport.Comparison($0.name, $0.quantizer, fitted) })
        let width = session.context.terminal.tableWidth
        if dryRun || session.verbose {
            session.say(report.tensors(width: width, hasBars: session.context.terminal.isInteractive))
        }
        if let path = fit.writeTensorTypes {
            do throws(FileError) {
                try AtomicFile.write(Array(plan.rules.text.utf8), to: path)
            } catch {
                throw Diagnostics(
                    Diagnostic(
                        code: .outputUnwritable, "\(error)", fix: error.remedy(), verdict: .undecided))
            }
        }
        if !dryRun { try await plan.quantizer.write(threads: threads, progress: session.progress) }
        session.say(report.types(width: width))
        session.say(report.summary)
        session.say((dryRun ? "would write " : "wrote ") + QuantizationReport(plan.quantizer).closing)
        session.add("type", .string(Self.typeName))
        report.add(to: session)
        QuantizationReport(plan.quantizer).add(to: session)
    }

    private func mixture(_ name: String, of model: GGUFModel) throws -> (name: String, quantizer: Quantizer) {
        var request = request.quantization
        do {
            request.options.type = try QuantizationType(named: name)
        } catch {
            throw Diagnostics(error.diagnostic(code: .quantizeRefused, verdict: .undecided))
        }
        let quantizer = try Quantizer(request, model: model)
        guard quantizer.problems.isEmpty else { throw Diagnostics(quantizer.problems) }
        return (request.options.type.name, quantizer)
    }
}
