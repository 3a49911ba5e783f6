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
    /// - Parameters:
    ///   - refuse: refuses an output that would replace what is read.
    func run(
        on model: any TensorSource, _ session: Session, refuse: (_ output: String) throws -> Void
    ) async throws {
        // Nothing is measured for an output that cannot be.
        try refuse(request.quantization.output)
        if let path = fit.writeTensorTypes {
            try refuse(path)
            let output = request.quantization.output
            if Path.normalized(path).hasSameBytes(as: Path.normalized(output)) {
                throw Diagnostics(
                    Diagnostic(
                        code: .usage, "--write-tensor-types names the model that is written",
                        fix: "give it a name of its own", verdict: .undecided))
            }
        }
        let calibration = try fit.calibration()
        let program = try calibration.map { request in
            _ = try request.textDigest()
            try LlamaRun.check(model.metadata, model.name)
            return try LogitsProgram.llama(session.context.environment)
        }
        let mixture = try fit.compare.map { try self.mixture($0, of: model) }
        let index = session.context.cacheDirectory.flatMap {
            ValueIndex.open(FitCosts.indexName, inDirectory: $0)
        }
        var fitted = try await FitModel(
            model, request, mixtures: mixture.map { [$0.quantizer.plan] } ?? [], index: index,
            threads: threads ?? Parallel.width, progress: session.progress)
        if let calibration, let program {
            session.say(
                "\(program.name) (\(program.version)) runs the model on \(calibration.text), role by role")
            let scratch = try ScratchDirectory.make(in: fit.running.scratch ?? session.context.cacheDirectory)
            let run = CalibrationRun(
                of: fitted, on: calibration, by: program, environment: session.context.environment,
                in: scratch.path, index: index, threads: threads ?? Parallel.width, progress: session.progress
            )
            fitted = fitted.weighed(by: try await run.run())
            withExtendedLifetime(scratch) {}
        }
        let plan = try fitted.plan()
        let report = FitReport(
            plan, of: fitted, comparison: mixture.map { FitReport.Comparison($0.name, $0.quantizer, fitted) })
        let width = session.context.terminal.tableWidth
        if dryRun || session.verbose {
            session.say(report.tensors(width: width, hasBars: session.context.terminal.hasBlocks))
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
        if let calibration = report.calibration(width: width) { session.say(calibration) }
        session.say(report.summary)
        session.say((dryRun ? "would write " : "wrote ") + QuantizationReport(plan.quantizer).closing)
        session.add("type", .string(Self.typeName))
        report.add(to: session)
        QuantizationReport(plan.quantizer).add(to: session)
    }

    private func mixture(_ name: String, of model: any TensorSource) throws -> (
        name: String, quantizer: Quantizer
    ) {
        var request = request.quantization
        do {
            request.options.type = try QuantizationType(named: name)
        } catch {
            throw Diagnostics(error.diagnostic(code: .quantizeRefused, verdict: .undecided))
        }
        let quantizer = try Quantizer(request, from: model)
        guard quantizer.problems.isEmpty else { throw Diagnostics(quantizer.problems) }
        return (request.options.type.name, quantizer)
    }
}
