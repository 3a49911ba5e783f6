package import Conversion
package import Fitting
import Formats
package import Manifests
package import Storage
package import Tensors

/// A model to fit: its tensors with what may become of them, and what every choice costs.
package struct FitModel: Sendable {
    /// The most tensors whose types are chosen; models have some thousand, as experts are in one tensor.
    private static let greatestCount = 10_000

    private let source: any TensorSource
    private let request: FitPlan.Request
    /// The tensors in the source's order.
    package private(set) var tensors: [FitTensor]
    /// How the tensors' weights were measured; `nil` where they are those of the table.
    package private(set) var calibration: Calibration?
    /// The relative errors of types; none where a type cannot hold the numbers.
    private let errors: [[GGMLType: Double]]
    /// The bytes of the file that are no choice's.
    private let overhead: Int
    private let alignment: Int
    /// The bytes that the file may have, without those of what is beside it.
    package let budget: Int
    /// The bytes of a file that is used with it and shares its budget.
    package var besideSize: Int { request.besideSize }

    /// Measures a model.
    /// - Parameters:
    ///   - mixtures: what it is going to be compared with.
    ///   - index: where costs are remembered.
    ///   - threads: how many work at a time, which changes nothing but the time it takes.
    /// - Throws: ``Diagnostics`` where the budget is impossible, before anything is measured, or the model cannot be
    ///   quantized.
    package init(
        _ source: any TensorSource, _ request: FitPlan.Request, mixtures: [QuantizationPlan] = [],
        index: ValueIndex?, threads: Int, progress: @escaping ProgressHandler
    ) async throws {
        self.source = source
        self.request = request
        let (options, imatrix) = (request.quantization.options, request.quantization.imatrix)
        do throws(QuantizationError) {
            let traits = try ModelTraits(
                header: source.metadata.header, bytes: source.metadata.bytes.span,
                overrides: request.quantization.overrides)
            alignment = try QuantizedMetadata.alignment(
                of: source.metadata.header, request.quantization.overrides)
            tensors = try FitTensor.all(
                source.tensors, traits: traits, options: options, constraints: request.constraints,
                imatrix: imatrix?.matrix)
        } catch {
            throw Diagnostics(error.diagnostic(code: .quantizeRefused))
        }
        guard tensors.count(where: \.isQuantized) <= Self.greatestCount else {
            throw Diagnostics(
                Diagnostic(
                    code: .fitImpossible,
                    "\(source.name): it has more than \(Self.greatestCount) tensors to choose types for",
                    fix: "quantize it to a mixture"))
        }
        // The smallest file there could be shows what else takes bytes, and whether anything stands against it.
        let smallest = tensors.map { $0.candidates.first ?? $0.tensor.type }
        let quantizer = try Self.quantizer(smallest, tensors, request.quantization, source)
        guard quantizer.problems.isEmpty else { throw Diagnostics(quantizer.problems) }
        let alignment = alignment
        let taken = zip(tensors, smallest).reduce(0) { sum, pair in
            sum + (pair.0.tensor.paddedSize(as: pair.1, alignment) ?? 0)
        }
        overhead = quantizer.output.size - taken
        let granted = try request.budget.bytes(
            source.metadata, elements: source.tensors.reduce(0) { $0 + $1.elementCount }, overhead: overhead)
        if case .millibits = request.budget {
            budget = granted
        } else {
            budget = granted - request.besideSize
        }
        guard quantizer.output.size <= budget else {
            throw Diagnostics(Self.impossible(source, tensors, request, budget, least: quantizer.output.size))
        }
        let costs = FitCosts(
            source, imatrix: imatrix, index: index, threads: threads, progress: progress)
        // What cannot be chosen is not measured, but for what it is compared with.
        var types = tensors.map(\.candidates)
        for planned in mixtures.flatMap(\.tensors) where !types[planned.sourceIndex].contains(planned.type) {
            types[planned.sourceIndex].append(planned.type)
        }
        errors = try await costs.measure(tensors, types: types).map { $0.compactMapValues(\.relative) }
    }

    /// The knapsack, of which the capacity is ``capacity(for:)``.
    /// - Parameter factor: how much the model counts, where several share a budget.
    package func problem(factor: Int = 1) -> FitProblem {
        FitProblem(
            tensors, errors: errors, alignment: alignment, isFused: request.constraints.isFused,
            factor: factor)
    }

    /// The same with the weights that were measured.
    package func weighed(by calibration: Calibration) -> FitModel {
        var other = self
        other.tensors = tensors.map { $0.weighed(by: calibration) }
        other.calibration = calibration
        return other
    }

    /// The relative error of a type; `nil` where it cannot hold the numbers or was not measured.
    func error(of type: GGMLType, for tensor: Int) -> Double? { errors[tensor][type] }

    /// Writes the model with types of one's own.
    /// - Parameter types: for each tensor its type; one's own copies it.
    func write(_ types: [GGMLType], to path: String, threads: Int, progress: @escaping ProgressHandler)
        async throws
    {
        var request = request.quantization
        request.output = path
        try await Self.quantizer(types, tensors, request, source).write(threads: threads, progress: progress)
    }

    /// The digest of the importance matrix; "-" where there is none.
    func importanceDigest() throws -> String {
        guard let imatrix = request.quantization.imatrix else { return "-" }
        var hasher = try ContentHasher()
        for tensor in tensors {
            guard let entry = tensor.importance else { continue }
            for value in try imatrix.values(of: entry) {
                try hasher.update(littleEndian(UInt64(value.bitPattern)).span)
            }
        }
        return try hasher.finish().sha256.hex
    }

    /// The model that is fitted.
    var origin: any TensorSource { source }

    /// What of a number of bytes for the file is left for the tensors.
    package func capacity(for bytes: Int) -> Int { bytes - overhead }

    /// Chooses.
    /// - Throws: ``Diagnostics`` where no choice is within the budget.
    package func plan() throws -> FitPlan {
        let problem = problem()
        let solution: ChoiceSolution
        do throws(ChoiceFailure) {
            solution = try ChoiceProblem(items: problem.options, capacity: capacity(for: budget)).solve(
                effort: request.effort)
        } catch {
            switch error {
            case .tooSmall(let least):
                throw Diagnostics(Self.impossible(source, tensors, request, budget, least: least + overhead))
            case .unsuitable:
                throw Diagnostics(
                    Diagnostic(
                        code: .fitImpossible,
                        "\(source.name): no type can hold all numbers of a tensor, or the model is too large")
                )
            }
        }
        return try plan(problem.types(solution.choices), solution, of: problem)
    }

    /// The plan of types that were chosen.
    package func plan(
        _ chosen: [GGMLType?], _ solution: ChoiceSolution, of problem: FitProblem
    ) throws -> FitPlan {
        let types = zip(tensors, chosen).map { $1 ?? $0.tensor.type }
        let quantizer = try Self.quantizer(types, tensors, request.quantization, source)
        let rows = quantizer.plan.tensors.compactMap { planned -> FitPlan.Row? in
            let number = planned.sourceIndex
            let tensor = tensors[number]
            guard tensor.isQuantized else { return nil }
            let error = errors[number][types[number]] ?? 0
            return FitPlan.Row(
                tensor: tensor.tensor, type: types[number],
                size: tensor.tensor.paddedSize(as: types[number], alignment) ?? 0, error: error,
                weight: tensor.weight, cost: FitProblem.cost(error, tensor.weight))
        }
        return FitPlan(
            quantizer: quantizer, rows: rows, budget: budget, solution: solution,
            rules: try Self.rules(types, tensors), calibration: calibration)
    }

    /// The weighted error of types that somebody else chose, in the solver's units.
    /// - Returns: `nil` where a tensor has a type that was not measured.
    package func cost(of plan: QuantizationPlan) -> Int? {
        var cost = 0
        for planned in plan.tensors {
            let tensor = tensors[planned.sourceIndex]
            guard tensor.isQuantized, planned.type != tensor.tensor.type else { continue }
            guard let error = errors[planned.sourceIndex][planned.type] else { return nil }
            cost = cost.saturated(adding: FitProblem.cost(error, tensor.weight))
        }
        return cost
    }

    // MARK: Parts

    private static func rules(_ types: [GGMLType], _ tensors: [FitTensor]) throws -> TensorTypeFile {
        let pairs = zip(tensors, types).filter { $0.0.isQuantized }.map { ($0.0.tensor, $0.1) }
        do throws(QuantizationError) {
            return try TensorTypeFile(pairs)
        } catch {
            throw Diagnostics(error.diagnostic(code: .quantizeRefused))
        }
    }

    private static func quantizer(
        _ types: [GGMLType], _ tensors: [FitTensor], _ request: Quantizer.Request, _ source: any TensorSource
    ) throws -> Quantizer {
        let file = try rules(types, tensors)
        var request = request
        var options = QuantizationOptions(type: file.base)
        options.tensorTypes = file.rules
        options.allowsRequantizing = request.options.allowsRequantizing
        request.options = options
        return try Quantizer(request, from: source)
    }

    /// The finding that there is no such small file, with those ways to a smaller one that this model has.
    private static func impossible(
        _ source: any TensorSource, _ tensors: [FitTensor], _ request: FitPlan.Request, _ budget: Int,
        least: Int
    ) -> Diagnostic {
        var ways = ["allow more bytes"]
        if tensors.contains(where: \.isPinned) { ways.append("decide on fewer tensors' types yourself") }
        if tensors.contains(where: \.lacksImportance) {
            ways.append("give an importance matrix (--imatrix FILE, in a manifest imatrix)")
        }
        let ends = tensors.filter { $0.tensor.role == .output || $0.tensor.role == .tokenEmbedding }
        if request.constraints.floor != nil, ends.contains(where: { $0.isQuantized && !$0.isPinned }) {
            ways.append(
                "allow smaller types for token embeddings and output (--floor none, in a manifest floor)")
        }
        let beside = request.besideSize
        return Diagnostic(
            code: .fitImpossible,
            "\(source.name): the file cannot have \(max(budget, 0)) bytes or fewer (\(ByteCount.text(max(budget, 0)))): "
                + "the smallest has \(least) "
                + "(\(ByteCount.text(least)))",
            notes: beside > 0 ? ["the projector takes \(beside) bytes of what both may have together"] : [],
            fix: ways.joined(separator: ", or "))
    }
}
