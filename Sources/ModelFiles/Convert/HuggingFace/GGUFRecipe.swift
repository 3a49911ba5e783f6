import Conversion
import Fitting
import Formats
package import Manifests
import ModelFacts
import Storage

/// Makes one GGUF file of a Hugging Face model.
struct GGUFRecipe: ConversionRecipe {
    /// What the manifest asks for.
    let request: ConversionRequest.GGUF
    /// The file's name.
    let file: String
    /// What the model's directory is taken to be called, which does not depend on where it is stored.
    let modelName: String
    /// The importance matrix that quantizing takes; `nil` where none is asked for.
    let imatrix: ImatrixInput?
    /// What the file has of the budget that it shares; `nil` where it has its own, or none.
    var share: FitShare?
    /// The text on which weights are measured, and what was; `nil` where those of the table are taken.
    var calibration: CalibrationInput?

    /// A fit depends on the table of weights, too, on which types it may take, and on what a projector leaves.
    var version: Int {
        guard request.fit != nil else { return 1 }
        return RoleWeights.version + FitConstraints.version - 1 + (request.hasProjector ? 1 : 0)
    }
    var stage: String { "converting" }

    var parameters: [JSON.Member] {
        var members = [
            JSON.Member("gguf", .string(request.name)), JSON.Member("file", .string(file)),
            JSON.Member("model-name", .string(modelName)),
        ]
        if let fit = request.fit { members += fit.parameters }
        if let share { members += share.parameters }
        if let calibration { members += calibration.parameters }
        if let via = request.product.via { members.append(JSON.Member("via", .string(via.rawValue))) }
        if let name = request.preTokenizer { members.append(JSON.Member("pre-tokenizer", .string(name))) }
        if request.hasProjector {
            members.append(JSON.Member(ConversionRequest.projectorKey, .string("true")))
        }
        if let imatrix {
            members.append(JSON.Member("imatrix", .string(imatrix.name)))
            members.append(JSON.Member(ImatrixInput.digestKey, .string(imatrix.sha256.hex)))
        }
        return members.sortedByKey
    }

    /// The weights and the small files are read, and nothing is carried along: a GGUF file has all of it inside.
    func selection(of paths: [RelativePath], for name: String) throws(Diagnostics) -> ConversionSelection {
        var selection = ConversionSelection()
        selection.inputs = ModelInputs.paths(among: paths, forProjector: request.hasProjector)
        let taken = Set(selection.inputs)
        selection.left = paths.filter { !taken.contains($0) }
        guard paths.contains("config.json") else {
            throw Diagnostics(
                Diagnostic(
                    code: .ggufNoConfig, "\(name): there is no config.json to convert by",
                    fix: "check that the source's include takes it, or name a Hugging Face model"))
        }
        guard ModelInputs.hasWeights(paths) else {
            throw Diagnostics(
                Diagnostic(
                    code: .ggufNoWeights, "\(name): there are no weights that can be converted",
                    notes: selection.left.prefix(5).map { "\($0) is not read" },
                    fix: "take a revision with safetensors, or check that the source's include takes them"))
        }
        return selection
    }

    /// A projector is refused before anything is made.
    func refusal(of facts: ModelFacts, for name: String) -> Diagnostic? {
        guard request.hasProjector, let config = facts.config else { return nil }
        let problem =
            config.projectorArchitecture.map {
                ProjectorRegistry.problem(with: $0, visionType: config.visionType)
            } ?? "its configuration has no part for pictures or sound, so that no projector can be made"
        return problem.map {
            Diagnostic(
                code: .architectureUnknown, "\(name): \($0)",
                fix: "remove mmproj, or take a projector that someone made with llama.cpp")
        }
    }

    func make(
        of inputs: [ConversionInput], in directory: String, for name: String, remembering cache: String?,
        progress: @escaping ProgressHandler
    ) async throws -> ConversionResult {
        let conversion = try conversion(of: inputs, in: directory, for: name)
        let projector = request.hasProjector ? try projector(of: inputs, in: directory, for: name) : nil
        let type = conversion.conversion.outputType.rawValue
        var facts = [JSON.Member(conversion.quantizer == nil ? "outtype" : "via", .string(type))]
        if let fit = request.fit {
            let budget = share.map { FitBudget.size($0.bytes) } ?? fit.budget
            let (model, mixtures) = try await fitModel(
                of: conversion, budget: budget, besideSize: projector?.output.size ?? 0, for: name,
                remembering: cache, progress: progress)
            let plan = try model.plan()
            try await plan.quantizer.write(threads: nil, progress: progress)
            facts.append(JSON.Member("fit", plan.record(FitFront(model, mixtures))))
        } else {
            try await conversion.write(progress: progress)
        }
        if let projector {
            try await projector.write(progress: progress)
            let type = projector.conversion.outputType.rawValue
            facts.append(JSON.Member("\(ConversionRequest.projectorKey)-outtype", .string(type)))
        }
        try imatrix?.check(for: name)
        // Both have read the same configurations.
        let more = (projector?.remarks ?? []).filter { !conversion.remarks.contains($0) }
        return ConversionResult(facts: facts.sortedByKey, remarks: conversion.remarks + more)
    }

    /// The size of the GGUF, and of its projector where one is made. What is fitted takes no more than its budget; where
    /// that is not one of bytes, only making tells.
    func plannedSize(of inputs: [ConversionInput], for name: String) throws -> Int? {
        let projector = request.hasProjector ? try projector(of: inputs, in: "", for: name).output.size : 0
        guard let fit = request.fit else {
            return try conversion(of: inputs, in: "", for: name).output.size.saturated(adding: projector)
        }
        guard case .size(let bytes) = share.map({ FitBudget.size($0.bytes) }) ?? fit.budget else {
            return nil
        }
        return bytes.saturated(adding: projector)
    }

    /// The numbers of the model, and of its projector where one is made.
    func originals(of inputs: [ConversionInput], for name: String) throws -> [ConvertedFile] {
        let read = try ModelInputs.read(inputs, directoryName: modelName, name: name)
        func numbers(_ conversion: HuggingFaceConversion) throws -> ConvertedNumbers {
            ConvertedNumbers(
                try HuggingFaceSource(conversion, of: read.checkpoint, name: name, as: .lossless))
        }
        var options = HuggingFaceConversion.Options()
        options.preTokenizer = request.preTokenizer
        options.outputType = request.product.converted
        do {
            var files = [
                ConvertedFile(
                    path: try path(file, of: name), isBeside: false,
                    original: try numbers(try .of(read.model, options)))
            ]
            if request.hasProjector {
                files.append(
                    ConvertedFile(
                        path: try path(projectorFile(of: name), of: name), isBeside: true,
                        original: try numbers(try HuggingFaceConversion(projectorOf: read.model))))
            }
            return files
        } catch let error as ConversionError {
            throw Diagnostics(error.diagnostic(for: name))
        }
    }

    private func path(_ file: String, of name: String) throws(Diagnostics) -> RelativePath {
        guard let path = RelativePath(file) else {
            throw Diagnostics(
                Diagnostic(code: .failed, "\(name): \(file.quotedForMessage) is no path", verdict: .undecided)
            )
        }
        return path
    }

    private func projectorFile(of name: String) -> String {
        "\(ConversionRequest.projectorKey)-\(name).gguf"
    }

    /// Decides what to write of the part for pictures or sound, in the type that keeps its numbers best.
    private func projector(
        of inputs: [ConversionInput], in directory: String, for name: String
    ) throws -> GGUFConversion {
        var wanted = GGUFConversion.Request(.converted(nil))
        wanted.isProjector = true
        return try GGUFConversion(inputs, directoryName: modelName, name: name, wanted) { _, _ in
            Path.join(directory, projectorFile(of: name))
        }
    }

    private func conversion(
        of inputs: [ConversionInput], in directory: String, for name: String
    ) throws -> GGUFConversion {
        var wanted = GGUFConversion.Request(request.product)
        wanted.options.preTokenizer = request.preTokenizer
        wanted.imatrix = try imatrix?.open(for: name)
        return try GGUFConversion(inputs, directoryName: modelName, name: name, wanted) { _, _ in
            Path.join(directory, file)
        }
    }

    private func fitModel(
        of conversion: GGUFConversion, budget: FitBudget, besideSize: Int, for name: String,
        remembering cache: String?, progress: @escaping ProgressHandler
    ) async throws -> (FitModel, mixtures: [(String, Quantizer)]) {
        // What is chosen takes the type's place.
        guard let fit = request.fit, case .quantized(let placeholder, _) = request.product else {
            throw Diagnostics(Diagnostic(code: .failed, "\(name) is not fitted", verdict: .undecided))
        }
        var asked = Quantizer.Request(
            output: conversion.output.files[0].path, options: QuantizationOptions(type: placeholder))
        asked.imatrix = try imatrix?.open(for: name)
        var wish = FitPlan.Request(asked, budget: budget)
        wish.constraints = fit.constraints
        wish.besideSize = besideSize
        let mixtures = FitFront.mixtures(of: conversion.source, asked)
        let model = try await FitModel(
            conversion.source, wish, mixtures: mixtures.map(\.1.plan),
            index: cache.flatMap { ValueIndex.open(FitCosts.indexName, inDirectory: $0) },
            threads: Parallel.width, progress: progress)
        return (calibration?.measured.map { model.weighed(by: $0.calibration) } ?? model, mixtures)
    }

    /// Measures the model for a budget that others have a share in; nothing is written.
    func fitModel(
        of inputs: [ConversionInput], budget: Int, for name: String, remembering cache: String?,
        progress: @escaping ProgressHandler
    ) async throws -> FitModel {
        let beside = request.hasProjector ? try projector(of: inputs, in: ".", for: name).output.size : 0
        return try await fitModel(
            of: try conversion(of: inputs, in: ".", for: name), budget: .size(budget), besideSize: beside,
            for: name, remembering: cache, progress: progress
        ).0
    }
}

extension ConversionInputs {
    /// Measures a model that shares a budget; nothing is written.
    /// - Parameters:
    ///   - inputs: the files that the recipe reads.
    ///   - budget: the bytes that all have together.
    ///   - cache: the directory of what Knapsack remembers.
    /// - Returns: `nil` where nothing is fitted.
    package func fitModel(
        of inputs: [ConversionInput], budget: Int, for name: String, remembering cache: String?,
        progress: @escaping ProgressHandler
    ) async throws -> FitModel? {
        guard let recipe = recipe as? GGUFRecipe, recipe.request.fit != nil else { return nil }
        return try await recipe.fitModel(
            of: inputs, budget: budget, for: name, remembering: cache, progress: progress)
    }
}

extension LockedEntry {
    /// The name of the model, as its source has it: the repository without its owner, or the directory; `nil` where
    /// that is nothing to call it by.
    package var modelName: String? {
        if let name = origin.modelName { return name }
        guard case .path(let path)? = asked.source.flatMap({ try? Source.parse($0) }) else { return nil }
        let name = Path.name(Path.normalized("/" + path))
        return name.isEmpty || name == "/" ? nil : name
    }
}
