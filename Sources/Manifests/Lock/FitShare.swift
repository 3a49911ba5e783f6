package import Formats
package import Storage

/// What a fitted file has of the budget that several share, and among whom it was divided.
package struct FitShare: Hashable, Sendable {
    /// The parameters of a conversion that state it.
    private static let keys = ["share", "shared-by"]

    /// The most bytes of the file.
    package let bytes: Int
    /// The digest of the budget and of all that share it: while it is the same, so are the shares.
    package let problem: SHA256Digest

    /// States a share.
    package init(bytes: Int, problem: SHA256Digest) {
        self.bytes = bytes
        self.problem = problem
    }

    /// The share that a lock has; `nil` where nothing is shared.
    package init?(_ conversion: LockedConversion) {
        let parameters = JSON.object(conversion.parameters)
        guard let bytes = parameters["share"]?.integer, bytes > 0,
            let problem = parameters["shared-by"]?.string.flatMap({ SHA256Digest(hex: $0) })
        else { return nil }
        self.init(bytes: bytes, problem: problem)
    }

    /// The parameters of a conversion, sorted.
    package var parameters: [JSON.Member] {
        [JSON.Member("share", .integer(bytes)), JSON.Member("shared-by", .string(problem.hex))]
    }

    /// The digest of a budget and of the conversions that share it, whatever their shares are.
    /// - Returns: `nil` where it cannot be computed.
    package static func problem(
        _ conversions: [(name: String, conversion: LockedConversion)], budget: Int
    ) -> SHA256Digest? {
        let lines = conversions.sorted { $0.name.precedesByBytes($1.name) }.map { name, conversion in
            let asked = conversion.parameters.filter { !keys.containsExactly($0.key) }
            let record = LockedConversion(
                converter: conversion.converter, inputs: conversion.inputs, parameters: asked)
            return JSON.array([.string(name), record.json]).compactText + "\n"
        }
        return try? ContentHasher.sha256(Array("\(budget)\n\(lines.joined())".utf8).span)
    }
}

extension ConversionRequest {
    /// How many times the error counts among those that share the bundle's budget; `nil` where nothing is shared.
    package var sharedWeight: Int? {
        guard case .gguf(let gguf) = product, case .shared(let weight)? = gguf.fit?.budget else { return nil }
        return weight
    }
}

extension Lock {
    /// The digest of what its fitted entries share; `nil` where nothing is shared.
    package func sharedFit(_ budget: Int) -> SHA256Digest? {
        let conversions = entries.compactMap { entry -> (name: String, conversion: LockedConversion)? in
            guard entry.asked.conversion?.sharedWeight != nil, case .conversion(let conversion) = entry.origin
            else { return nil }
            return (entry.name, conversion)
        }
        return conversions.isEmpty ? nil : FitShare.problem(conversions, budget: budget)
    }
}
