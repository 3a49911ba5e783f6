import TestSupport
import Testing

@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import ModelFiles
@testable import Rules
@testable import Storage
@testable import Tensors

@Suite struct LockedConversionTests {
    private let request = ConversionRequest(from: "base", product: .cast(.f16, merging: []))

    private func base(weights: String = "weights", tokenizer: String = "tokenizer") throws -> LockedEntry {
        try Samples.entry(
            "base", license: "mit",
            files: [
                Samples.file("config.json", content: "config"),
                Samples.file("model.safetensors", content: weights),
                Samples.file("tokenizer.json", content: tokenizer),
            ])
    }

    private func cast(of base: LockedEntry, license: LockedLicense?? = nil) throws -> LockedEntry {
        let inputs = try ConversionInputs(of: base, request, for: "cast")
        let made = [
            try Samples.file("config.json", content: "new config", proof: .conversion),
            try Samples.file("model.safetensors", content: "new weights", proof: .conversion),
        ]
        return LockedEntry(
            name: "cast", kind: .model,
            asked: Asked(content: .conversion(request), include: nil, exclude: [], license: nil),
            origin: .conversion(inputs.conversion), license: license ?? inputs.license(nil), facts: [],
            files: made + inputs.carried, tensors: [])
    }

    private func manifest(_ cast: String = "from = \"base\"\ndtype = \"f16\"\n") throws -> Manifest {
        let text = """
            schema = 1
            [bundle]
            name = "sample-bundle"
            title = "Sample bundle"
            [[model]]
            name = "base"
            source = "path:x"
            [[model]]
            name = "cast"
            \(cast)
            """
        return try Manifest.parse(Array(text.utf8), path: "pack.toml")
    }

    private func messages(_ manifest: Manifest, _ lock: Lock) -> [String] {
        Freshness.findings(manifest, lock).map(\.message)
    }

    @Test func lockReadsBackAsItWasWritten() throws {
        let base = try base()
        let lock = try Samples.lock(Samples.bundle, [base, try cast(of: base)])
        let text = lock.text
        #expect(text.contains("\"asked\":{\"dtype\":\"f16\",\"from\":\"base\"}"))
        #expect(text.contains("\"conversion\":{\"converter\":1,\"inputs\":\""))
        #expect(text.contains("\"parameters\":{\"dtype\":\"f16\"}}"))
        #expect(text.contains("\"proof\":\"conversion\""))
        #expect(try Lock.parse(lock.bytes, path: "x.lock") == lock)
    }

    @Test func freshnessIsDecidedFromTheLockAlone() throws {
        let manifest = try manifest()
        let base = try base()
        let fresh = try Samples.lock(manifest.bundle, [base, try cast(of: base)])
        #expect(messages(manifest, fresh) == [])
        let stale = "cast was made from other files than base has in the lock"
        for other in [try self.base(weights: "other"), try self.base(tokenizer: "other")] {
            let lock = try Samples.lock(manifest.bundle, [other, try cast(of: base)])
            #expect(messages(manifest, lock) == [stale])
        }
        let unlicensed = try Samples.lock(manifest.bundle, [base, try cast(of: base, license: .some(nil))])
        #expect(messages(manifest, unlicensed) == [stale])
        let bf16 = try self.manifest("from = \"base\"\ndtype = \"bf16\"\n")
        #expect(messages(bf16, fresh) == ["cast asks for something other than what was locked"])
        let source = try self.manifest("source = \"path:x\"\n")
        #expect(messages(source, fresh) == ["cast asks for something other than what was locked"])
    }

    @Test func keyFollowsFromInputsParametersAndVersionAlone() throws {
        let files = try base().files
        let conversion = try LockedConversion(CastRecipe(type: .f16), of: files)
        #expect(conversion.key == (try LockedConversion(CastRecipe(type: .f16), of: files)).key)
        let others = [
            try LockedConversion(CastRecipe(type: .bf16), of: files),
            try LockedConversion(CastRecipe(type: .f16), of: Array(files.dropLast())),
            LockedConversion(converter: 2, inputs: conversion.inputs, parameters: conversion.parameters),
        ]
        #expect(Set(others.map(\.key) + [conversion.key]).count == 4)
    }

    @Test(arguments: [
        ("\"asked\":{\"dtype\":\"f16\",\"from\":\"base\"}", "\"asked\":{\"source\":\"path:x\"}"),
        ("\"asked\":{\"dtype\":\"f16\",\"from\":\"base\"}", "\"asked\":{\"from\":\"base\"}"),
        ("\"asked\":{\"dtype\":\"f16\",\"from\":\"base\"}", "\"asked\":{\"dtype\":\"f8\",\"from\":\"base\"}"),
        ("\"converter\":1,", ""), ("\"parameters\":{\"dtype\":\"f16\"}", "\"parameters\":7"),
        ("\"proof\":\"blob-git-sha1\"", "\"proof\":\"conversion\""),
    ]) func refusesLocksThatDoNotFit(old: String, new: String) throws {
        let base = try base()
        let text = try Samples.lock(Samples.bundle, [base, try cast(of: base)]).text
        let range = try #require(text.firstRange(of: old))
        let changed = Array(text.replacingCharacters(in: range, with: new).utf8)
        #expect(throws: Diagnostics.self) { _ = try Lock.parse(changed, path: "x.lock") }
    }

    @Test func recordsReadBackAndOthersAreNone() throws {
        let conversion = try LockedConversion(CastRecipe(type: .f32), of: try base().files)
        let record = ConversionRecord(
            conversion: conversion,
            files: [.init(path: "a/b", size: 3, sha256: try Samples.digest([1, 2, 3]))])
        #expect(ConversionRecord(Array(record.text.utf8)) == record)
        for (old, new) in [
            ("\"version\": 1", "\"version\": 2"), ("a/b", "../b"), ("\"size\": 3", "\"size\": -3"),
        ] {
            let range = try #require(record.text.firstRange(of: old))
            let text = record.text.replacingCharacters(in: range, with: new)
            #expect(ConversionRecord(Array(text.utf8)) == nil, "\(new)")
        }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
