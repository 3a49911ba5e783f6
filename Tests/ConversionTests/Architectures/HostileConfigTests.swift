import Glibc
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Configurations of every committed case in which one number is another: an answer comes, whatever it is, and soon.
///
/// All of them are tried where `KNAPSACK_HOSTILE` is set, a part of them otherwise.
@Suite struct HostileConfigTests {
    private static let values: [JSON] = [
        0, -1, 2_147_483_648, 9_223_372_036_854_775_807, .number(1e30), "text", .null, [], [:],
    ]
    /// Whether all is tried.
    static let isWhole = unsafe getenv("KNAPSACK_HOSTILE") != nil
    /// Which part of them is tried: every so many-th.
    private static let step = isWhole ? 1 : 211

    /// The documents that come of one when one number in it, at any depth, is another value.
    private static func changes(_ json: JSON, _ value: JSON) -> [(path: String, json: JSON)] {
        if let members = json.members {
            return members.indices.flatMap { place in
                changes(members[place].value, value).map { path, own in
                    var members = members
                    members[place] = JSON.Member(members[place].key, own)
                    return (".\(members[place].key)\(path)", .object(members))
                }
            }
        }
        if let elements = json.array {
            // The first of a list stands for all of it.
            guard let first = elements.first else { return [] }
            return changes(first, value).map { path, own in
                ("[0]\(path)", .array([own] + elements.dropFirst()))
            }
        }
        return json.double == nil ? [] : [("", value)]
    }

    /// Tries a case with other configurations.
    /// - Parameter plan: decides all, as far as no element has to be read.
    private func tryAll(
        _ found: ArchitectureCase, plan: (HuggingFaceModel) throws(ConversionError) -> Void
    ) throws {
        let config = try #require(found.json["files"]?["config.json"])
        let clock = ContinuousClock()
        var count = found.name.utf8.reduce(0) { $0 &+ Int($1) }
        for value in Self.values {
            for (path, other) in Self.changes(config, value) {
                count += 1
                guard count.isMultiple(of: Self.step) else { continue }
                var message = ""
                let time = clock.measure {
                    do {
                        try plan(found.model(config: other))
                    } catch {
                        message = "\(error)"
                    }
                }
                #expect(time < .seconds(5), "\(found.name)\(path) = \(value.compactText): \(message)")
            }
        }
        var usage = rusage()
        _ = unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        // In units of 1024 bytes, of all tests of this process together: some read tokenizers of real models.
        #expect(usage.ru_maxrss < 4 << 20)
    }

    @Test(arguments: ArchitectureTests.names) func everyNumberOfAModelIsAnswered(name: String) throws {
        try tryAll(ArchitectureTests.read(name)) { model throws(ConversionError) in
            let plan = try ArchitecturePlan(model, .f16)
            var metadata = ModelMetadata(architecture: plan.architecture.name)
            try plan.architecture.addFirstParameters(to: &metadata)
            try plan.architecture.addParameters(to: &metadata, fileType: 1)
            _ = try ForeignConfigurations.findings(model, plan.architecture.rulesName)
        }
    }

    @Test(arguments: ProjectorTests.names) func everyNumberOfAProjectorIsAnswered(name: String) throws {
        try tryAll(ProjectorTests.read(name)) { model throws(ConversionError) in
            let plan = try ProjectorPlan(model, .f16)
            var metadata = ModelMetadata(architecture: "clip")
            try plan.projector.addParameters(to: &metadata)
            _ = ForeignConfigurations.projectorFindings(model)
        }
    }
}
