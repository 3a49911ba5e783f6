import TestSupport
import Testing

@testable import Formats
@testable import KnapsackCommands
@testable import Manifests
@testable import Storage

/// What people type by mistake gets an answer with a next step.
@Suite struct MistakeTests {
    @Test(arguments: [
        (["pakc", "models.toml"], #"knapsack has no command "pakc"; did you mean "pack"?"#),
        (["help", "verfy"], #"knapsack has no command "verfy"; did you mean "verify"?"#),
        (["cache", "prun"], #"knapsack cache has no command "prun"; did you mean "prune"?"#),
        (["cache", "xyz"], #"knapsack cache has no command "xyz"; the commands are: prune"#),
    ])
    func unknownCommandsGetASuggestion(_ words: [String], message: String) {
        #expect(CommandSuggestion.problem(words) == message)
    }

    @Test(arguments: [
        [], ["pack"], ["pack", "x.toml"], ["help"], ["help", "pack"], ["--help"], ["cache", "prune"],
        ["cache"],
    ])
    func knownCommandsAreLeftToTheParser(_ words: [String]) {
        #expect(CommandSuggestion.problem(words) == nil)
    }

    @Test func whatIsNotAManifestIsNamedWithTheManifestsThatAreThere() async throws {
        try await withTemporaryDirectory { directory in
            let absent = try await knapsack("lock", directory + "/a.toml")
            #expect(absent.status == 2)
            #expect(absent.error.contains("there is no \(directory)/a.toml\n"))
            #expect(absent.error.contains("fix: name the manifest, or write one with knapsack init\n"))

            try writeFile(directory + "/my models.toml", "")
            let other = try await knapsack("lock", directory + "/a.toml")
            #expect(other.error.contains("fix: name the manifest: '\(directory)/my models.toml'\n"))
            let folder = try await knapsack("check", directory)
            #expect(folder.status == 2 && folder.error.contains("\(directory) is a directory\n"))
            try writeFile(directory + "/a.lock", "{}")
            let lock = try await knapsack("pack", directory + "/a.lock")
            #expect(lock.status == 2 && lock.error.contains("is a lock, not a manifest\n"))
        }
    }

    @Test func fixesNameTheManifest() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            try writeFile(manifest, String(decoding: contents(manifest), as: UTF8.self) + "\n")
            #expect(try await knapsack(["lock", manifest] + caches).status == 0)
            let text = String(decoding: try contents(manifest), as: UTF8.self)
            try writeFile(manifest, text.replacing("license = \"mit\"", with: "license = \"bsd\""))
            let checked = try await knapsack("check", manifest)
            #expect(checked.error.contains("fix: run knapsack lock \(manifest)\n"), "\(checked.error)")
        }
    }

    @Test func placeholderGoesWhereNoManifestNeedsAName() {
        let finding = Diagnostic(code: .lockStale, "x", fix: "run knapsack lock {manifest} --update a")
        #expect(finding.naming(manifest: nil).fix == "run knapsack lock --update a")
        #expect(finding.naming(manifest: "a b.toml").fix == "run knapsack lock 'a b.toml' --update a")
    }
}
