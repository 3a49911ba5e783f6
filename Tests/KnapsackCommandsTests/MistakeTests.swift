import ArgumentParser
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
            #expect(
                absent.error.contains(
                    "fix: name the manifest, or write one: knapsack init \(directory)/a.toml\n"))

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

    @Test(arguments: [
        (["schema", "manifst"], "did you mean \"manifest\"?"),
        (["diff", "a.lock", "b.lock", "--format", "markdwon"], "did you mean \"markdown\"?"),
        (["quantize", "a.gguf", "Q4KM"], "did you mean Q4_K_M?"),
    ])
    func valuesThatDoNotExistGetASuggestion(_ words: [String], fix: String) throws {
        do {
            _ = try Knapsack.parseAsRoot(words)
            Issue.record("it was parsed")
        } catch {
            let text = CommandMistake.text(Knapsack.fullMessage(for: error))
            #expect(text.hasPrefix("error: "), "\(text)")
            #expect(text.contains(fix), "\(text)")
        }
    }

    @Test(arguments: [
        ["pack", "--frozen", "--update"], ["pack", "--locked", "--update", "a"],
        ["lock", "--locked", "--update"],
    ])
    func whatExcludesEachOtherIsRefused(_ words: [String]) {
        #expect(throws: (any Error).self) { _ = try Knapsack.parseAsRoot(LockingOptions.spelledOut(words)) }
    }

    @Test func entriesThatDoNotExistGetASuggestion() async throws {
        try await withTemporaryDirectory { directory in
            let (manifest, caches) = try copyQuickstart(to: directory)
            let done = try await knapsack(["lock", manifest, "--update", "tiny-brt"] + caches)
            #expect(done.status == 2)
            #expect(done.error.contains("the manifest has no entry \"tiny-brt\"\n"))
            #expect(done.error.contains("fix: did you mean \"tiny-bert\"?\n"), "\(done.error)")
        }
    }

    @Test func whatIsNoModelIsToldWithWhatToUse() async throws {
        try await withTemporaryDirectory { directory in
            for name in ["x y.lock", "x.toml", "empty.gguf"] { try writeFile("\(directory)/\(name)", "") }
            let lock = try await knapsack("inspect", directory + "/x y.lock")
            #expect(lock.status == 2)
            #expect(
                lock.error.contains("fix: knapsack verify '\(directory)/x y.lock' proves"), "\(lock.error)")
            let manifest = try await knapsack("inspect", directory + "/x.toml")
            #expect(manifest.error.contains("is a manifest, not a model"), "\(manifest.error)")
            let empty = try await knapsack("inspect", directory + "/empty.gguf")
            #expect(empty.error.contains("empty.gguf is empty\n"), "\(empty.error)")
            let diff = try await knapsack("diff", directory + "/x.toml", "b.lock")
            #expect(diff.error.contains("fix: knapsack diff \(directory)/x.lock b.lock\n"), "\(diff.error)")
            let folder = try await knapsack("diff", directory, "b.lock")
            #expect(folder.error.contains("\(directory): it is a directory\n"), "\(folder.error)")
        }
    }

    @Test(
        arguments: [
            ("org/name", "there is no directory \"org/name\"", "did you mean hf:org/name?"),
            ("nope", "there is no directory \"nope\"", "name the directory, or download the model first"),
            ("hf:a/b/c", "the source \"hf:a/b/c\" names the repository", nil),
            ("kaggle:a/b", "the source \"kaggle:a/b\" has 2 parts", nil),
        ] as [(String, String, String?)])
    func modelsThatAreNotThereAreNamedAsTheyWereTyped(_ name: String, message: String, fix: String?)
        async throws
    {
        let done = try await knapsack("convert", name)
        #expect(done.status == 2)
        #expect(done.error.contains("error: \(message)"), "\(done.error)")
        if let fix { #expect(done.error.contains("fix: \(fix)\n"), "\(done.error)") }
        #expect(!done.error.contains("path:"))
    }

    @Test func anAdapterIsConvertedWithItsBase() async throws {
        try await withTemporaryDirectory { directory in
            let adapter = directory + "/my adapter"
            try writeFile(adapter + "/adapter_config.json", #"{"base_model_name_or_path":"org/base"}"#)
            try writeFile(adapter + "/adapter_model.safetensors", "x")
            let done = try await knapsack("convert", adapter)
            #expect(done.status == 2)
            #expect(
                done.error.contains("fix: knapsack convert '\(adapter)' --lora hf:org/base\n"),
                "\(done.error)")
        }
    }
}
