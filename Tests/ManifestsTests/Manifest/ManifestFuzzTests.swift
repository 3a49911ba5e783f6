import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

/// Seeded random manifests: an error or a result, never a trap.
@Suite(.tags(.fuzz), .series) struct ManifestFuzzTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func everyMutationGivesAnErrorOrAResult(seed: UInt64) {
        var mutations = ManifestMutations(seed: seed)
        for round in 0..<1500 {
            let text = mutations.next()
            expectSense(text, seed: seed, round: round)
        }
    }

    @Test func everyMutationOfAManifestThatIsRightGivesAnErrorOrAResult() throws {
        let base = """
            schema = 1
            [bundle]
            name = "abc"
            [[model]]
            name = "m"
            source = "hf:a/b@main"
            include = ["*"]
            """
        _ = try Manifest.parse(Array(base.utf8), path: "pack.toml")
        var mutations = ManifestMutations(seed: 5)
        for round in 0..<3000 {
            expectSense(mutations.next(of: Array(base.utf8)), seed: 5, round: round)
        }
    }

    @Test func placesAndValuesFitWhateverWayTablesAreDefined() {
        var documents = TOMLRedefinitions(seed: 6)
        var taken = 0
        for round in 0..<3000 {
            let text = documents.next()
            expectSense(text, seed: 6, round: round)
            if (try? TOMLDocument.read(text, path: "t")) != nil { taken += 1 }
        }
        #expect(taken > 500)
    }

    private func expectSense(_ text: [UInt8], seed: UInt64, round: Int) {
        let about = "seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))"
        do throws(Diagnostics) {
            let manifest = try Manifest.parse(text, path: "pack.toml")
            #expect(!manifest.entries.isEmpty, "\(about)")
            for entry in manifest.entries {
                #expect((try? Source.parse(entry.source?.text ?? "")) == entry.source, "\(about)")
            }
        } catch {
            var last = (0, 0)
            for problem in error.all {
                #expect(!problem.message.utf8.contains(0x0A), "\(about)")
                #expect(!problem.message.contains("understood in two ways"), "\(about)")
                guard problem.severity == .error else { continue }
                let place = (problem.location?.line ?? 0, problem.location?.column ?? 0)
                #expect(place.0 >= 1 && place.1 >= 1 && place >= last, "\(about)")
                last = place
            }
            #expect(!error.all.isEmpty, "\(about)")
        }
    }
}
