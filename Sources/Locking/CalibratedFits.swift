import Caches
import Formats
import Manifests
import ModelFiles
import Storage

extension DerivedEntries {
    /// Measures the weights of entries that ask for it, with llama-perplexity. Where an earlier lock has what was measured
    /// of the same model on the same text, that stays, and nothing is run.
    /// - Parameter measured: how an earlier lock has the entries, whatever else has changed of them.
    mutating func calibrate(
        _ items: [(entry: Entry, request: ConversionRequest, previous: LockedEntry?)],
        measured: [ExactName: LockedConversion]
    ) async throws {
        for (entry, request, _) in items {
            guard let source = sources.first(where: { $0.name == request.from }),
                var input = try CalibrationInput(request, in: converter.directory, for: entry.name)
            else { continue }
            let inputs = try ConversionInputs(
                of: source, request, for: entry.name,
                imatrix: try ImatrixInput(request, in: converter.directory, for: entry.name),
                calibration: input)
            let subject = try CalibrationInput.subject(of: inputs.conversion)
            if let conversion = measured[ExactName(entry.name)],
                let known = CalibrationInput(request, as: conversion)?.measured, known.subject == subject
            {
                input.measured = known
            } else if converter.makes {
                input.measured = try await measure(input, inputs, of: source, subject, for: entry.name)
            } else {
                continue
            }
            calibrations[ExactName(entry.name)] = input
        }
    }

    private func measure(
        _ input: CalibrationInput, _ inputs: ConversionInputs, of source: LockedEntry,
        _ subject: SHA256Digest,
        for name: String
    ) async throws -> CalibrationInput.Measured? {
        let program = try LogitsProgram.llama(converter.environment)
        let cache = converter.caches.conversions.map { Path.parent($0.directory) }
        let files = try await converter.inputs(inputs, of: source)
        guard
            let model = try await inputs.fitModel(
                of: files, budget: .max, for: name, remembering: cache, progress: converter.progress)
        else { return nil }
        let scratch = try ScratchDirectory.make(in: cache)
        let run = CalibrationRun(
            of: model, on: LogitsRequest(text: input.location ?? input.name), by: program,
            environment: converter.environment, in: scratch.path,
            index: cache.flatMap { ValueIndex.open(FitCosts.indexName, inDirectory: $0) },
            threads: Parallel.width, progress: converter.progress)
        let calibration = try await run.run()
        withExtendedLifetime(scratch) {}
        return CalibrationInput.Measured(
            subject: subject, program: "\(program.name) \(program.version)", calibration: calibration)
    }
}
