import Caches
import Fitting
import Formats
import Manifests
import ModelFiles
import Storage

extension DerivedEntries {
    /// An entry that shares the bundle's budget, with what it is made from.
    private struct Sharing {
        let entry: Entry
        let source: LockedEntry
        let inputs: ConversionInputs
        let weight: Int
        let previous: LockedEntry?
    }

    /// Divides the budget of `[bundle] fit` among the entries that share it: one knapsack over all of their tensors.
    /// Where an earlier lock divided the same among the same, its shares stay, and nothing is measured.
    /// - Parameter budget: the bytes of all files together; `nil` where nothing is shared.
    mutating func divide(
        _ budget: Int?, among items: [(entry: Entry, request: ConversionRequest, previous: LockedEntry?)]
    ) async throws {
        guard let budget else { return }
        var sharing: [Sharing] = []
        for (entry, request, previous) in items {
            guard let weight = request.sharedWeight,
                let source = sources.first(where: { $0.name == request.from })
            else { continue }
            let inputs = try ConversionInputs(
                of: source, request, for: entry.name,
                imatrix: try ImatrixInput(request, in: converter.directory, for: entry.name),
                calibration: calibrations[ExactName(entry.name)])
            sharing.append(
                Sharing(entry: entry, source: source, inputs: inputs, weight: weight, previous: previous))
        }
        guard !sharing.isEmpty,
            let problem = FitShare.problem(
                sharing.map { ($0.entry.name, $0.inputs.conversion) }, budget: budget)
        else { return }
        let known = sharing.compactMap { one -> FitShare? in
            guard case .conversion(let conversion)? = one.previous?.origin else { return nil }
            return FitShare(conversion)
        }
        if known.count == sharing.count, known.allSatisfy({ $0.problem == problem }) {
            for (one, share) in zip(sharing, known) { shares[ExactName(one.entry.name)] = share }
            return
        }
        guard converter.makes else { return }
        var models: [FitModel] = []
        for one in sharing {
            let files = try await converter.inputs(one.inputs, of: one.source)
            let model = try await one.inputs.fitModel(
                of: files, budget: budget, for: one.entry.name,
                remembering: converter.caches.conversions.map { Path.parent($0.directory) },
                progress: converter.progress)
            if let model { models.append(model) }
        }
        let sizes = try Self.divide(budget, among: models, weights: sharing.map(\.weight))
        for (one, size) in zip(sharing, sizes) {
            shares[ExactName(one.entry.name)] = FitShare(bytes: size, problem: problem)
        }
    }

    /// The bytes of each model's file, with its projector, in the best choice of all together.
    private static func divide(
        _ budget: Int, among models: [FitModel], weights: [Int]
    ) throws(Diagnostics) -> [Int] {
        let problems = zip(models, weights).map { $0.problem(factor: $1) }
        // What is no tensor's is taken in any case, and so is a projector beside the file.
        let overheads = models.map { $0.besideSize.saturated(adding: -$0.capacity(for: 0)) }
        let overhead = overheads.saturatedSum(\.self)
        let solution: ChoiceSolution
        do throws(ChoiceFailure) {
            solution = try ChoiceProblem(items: problems.flatMap(\.options), capacity: budget - overhead)
                .solve()
        } catch .unsuitable {
            throw Diagnostics(
                Diagnostic(
                    code: .fitImpossible,
                    "the files that share [bundle] fit have a tensor whose numbers no type holds, or too many tensors that count too much",
                    fix: "lower the weights, or give the entries budgets of their own"))
        } catch {
            let least =
                if case .tooSmall(let least) = error {
                    ": the smallest have \(least.saturated(adding: overhead))"
                } else { "" }
            throw Diagnostics(
                Diagnostic(
                    code: .fitImpossible,
                    "the files that share [bundle] fit cannot have \(budget) bytes or fewer together\(least)",
                    fix: "allow more bytes, give importance matrices, or lower the floor of both ends"))
        }
        var choices = solution.choices[...]
        return zip(problems, overheads).map { problem, overhead in
            let own = choices.prefix(problem.options.count)
            choices = choices.dropFirst(own.count)
            return zip(problem.options, own).reduce(overhead) { $0 + $1.0[$1.1].size }
        }
    }
}
