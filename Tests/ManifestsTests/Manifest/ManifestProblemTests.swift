import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import Storage

/// Every kind of problem, with its place to the column.
@Suite struct ManifestProblemTests {
    /// A problem that a text has, and where.
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let place: String
        let code: String
        let message: String
        let fix: String?

        init(_ text: String, _ place: String, _ code: String, _ message: String, fix: String? = nil) {
            self.text = text
            self.place = place
            self.code = code
            self.message = message
            self.fix = fix
        }

        var testDescription: String { "\(code) at \(place): \(message)" }
    }

    static let head = "schema = 1\n[bundle]\nname = \"abc\"\n"
    static let model = "[[model]]\nname = \"m\"\nsource = \"path:m\"\n"

    /// What does not hold in the file as a whole and in `[bundle]` and `[policy]`.
    static let tables = [
        Case(
            "[bundle]\nname = \"abc\"\n" + model, "1:1", "manifest-missing-key",
            "the manifest has no `schema`",
            fix: "add schema = …"),
        Case(
            "schema = 2\nwhat = 1\n", "1:10", "manifest-schema",
            "the manifest has schema 2, this Knapsack reads schema 1", fix: "use a newer Knapsack"),
        Case(
            "schema =  0\n" + head.dropFirst(11) + model, "1:11", "manifest-value",
            "`schema` is the integer 0"),
        Case(
            "schema = \"1\"\n" + head.dropFirst(11) + model, "1:10", "manifest-type",
            "`schema` must be an integer, found the string \"1\""),
        Case(
            "schema = 1\n" + model, "1:1", "manifest-missing-table", "the manifest has no [bundle]",
            fix: "add [bundle] with name = …"),
        Case(
            head, "1:1", "manifest-empty", "the manifest names nothing to pack",
            fix: "add a [[model]] with name = … and source = …"),
        Case(
            "schema = 1\n[[bundle]]\nname = \"abc\"\n" + model, "2:1", "manifest-type",
            "`bundle` must be a table, found a list", fix: "write the header [bundle]"),
        Case(
            head + "[model]\nname = \"m\"\n", "4:1", "manifest-type",
            "`model` must be a list of tables, found a table", fix: "write the header [[model]]"),
        Case(
            "files = [ 1 ]\n" + head, "1:11", "manifest-type",
            "`files` must hold tables, found the integer 1",
            fix: "write the header [[files]]"),
        Case(
            head + "[[modle]]\n", "4:3", "manifest-unknown-key", "unknown key `modle` in the manifest",
            fix: "did you mean `model`?"),
        Case(
            "schema = 1\n[bundle]\n  titel = \"x\"\nname = \"abc\"\n" + model, "3:3", "manifest-unknown-key",
            "unknown key `titel` in [bundle]", fix: "did you mean `title`?"),
        Case(
            head + "proof = \"required\"\n" + model, "4:1", "manifest-unknown-key",
            "unknown key `proof` in [bundle]", fix: "`proof` belongs below [policy]"),
        Case(
            "[bundle]\nname = \"abc\"\nschema = 1\n" + model, "3:1", "manifest-unknown-key",
            "unknown key `schema` in [bundle]", fix: "move `schema` above the first table"),
        Case(
            "schema = 1\n[bundle]\ntitle = \"x\"\n" + model, "2:1", "manifest-missing-key",
            "[bundle] has no `name`", fix: "add name = …"),
        Case(
            "schema = 1\nbundle = { title = \"x\" }\n" + model, "2:10", "manifest-missing-key",
            "[bundle] has no `name`", fix: "add name = …"),
        Case(
            "schema = 1\n[bundle]\nname = \"My Models\"\n" + model, "3:8", "manifest-value",
            "`name` has \"My Models\"", fix: "did you mean \"my-models\"?"),
        Case("schema = 1\n[bundle]\nname = \"ab\"\n" + model, "3:8", "manifest-value", "`name` has \"ab\""),
        Case(
            head + "license = \"MIT\"\n" + model, "4:11", "manifest-value", "`license` is the string \"MIT\"",
            fix: "write \"other\"; the bundle's README names every model's own licence"),
        Case(
            head + "license = \"Apache 2.0\"\n" + model, "4:11", "manifest-value",
            "`license` is the string \"Apache 2.0\"", fix: "did you mean \"apache-2.0\"?"),
        Case(
            head + "dedup = \"files\"\n" + model, "4:9", "manifest-value", "`dedup` is the string \"files\"",
            fix: "did you mean \"file\"?"),
        Case(
            head + "keywords = [\"a\", 2.5]\n" + model, "4:18", "manifest-type",
            "`keywords` must be a list of strings, found a float"),
        Case(
            head + "subtitle = \"a\\nb\"\n" + model, "4:12", "manifest-value", "`subtitle` has \"a\\u{A}b\""),
        Case(head + "owner = \"a__b\"\n" + model, "4:9", "manifest-value", "`owner` has \"a__b\""),
        Case(
            head + "[policy]\nmax_size = 1\n" + model, "5:1", "manifest-unknown-key",
            "unknown key `max_size` in [policy]", fix: "did you mean `max-size`?"),
        Case(
            head + "[policy]\nmax-size = \"200 XB\"\n" + model, "5:12", "manifest-value",
            "`max-size` is the string \"200 XB\""),
        Case(
            head + "[policy]\nmax-size = -1\n" + model, "5:12", "manifest-value",
            "`max-size` is the integer -1"),
        Case(
            head + "[policy]\nmax-size = true\n" + model, "5:12", "manifest-type",
            "`max-size` must be a string such as \"200 GB\" or an integer of bytes, found a boolean"),
        Case(
            head + "[policy]\nproof = 2026-01-01\n" + model, "5:9", "manifest-type",
            "`proof` must be a string, found a date or time"),
        Case(
            head + "[policy]\nreleased-before = \"2026-10-01\"\n" + model, "5:19", "manifest-type",
            "`released-before` must be a date without quotes, found the string \"2026-10-01\"",
            fix: "write released-before = 2026-10-01, without quotes"),
        Case(
            head + "[policy]\nreleased-before = 2026-10-01T08:00:00Z\n" + model, "5:19", "manifest-type",
            "`released-before` must be a date without quotes, found a date or time",
            fix: "write the day alone, such as 2026-10-01"),
        Case(
            head + "[policy]\nremote-code = \"denny\"\n" + model, "5:15", "manifest-value",
            "`remote-code` is the string \"denny\"", fix: "did you mean \"deny\"?"),
        Case(
            head + "[policy]\nallowed-revisions = [\"org/a\", \"org/b@main\"]\n" + model, "5:31",
            "manifest-value",
            "`allowed-revisions` has \"org/b@main\""),
        Case(
            head + "[policy]\nallowed-revisions = 3\n" + model, "5:21", "manifest-type",
            "`allowed-revisions` must be a list of strings or a path, found the integer 3"),
        Case(
            head + "[policy]\nlicenses = []\n" + model, "5:12", "manifest-value",
            "`licenses` is an empty list",
            fix: "leave `licenses` out, or write what it should hold"),
        Case(
            head + "[policy]\nlicenses = [\n  \"mit\",\n  \"a b\"]\n" + model, "7:3", "manifest-value",
            "`licenses` has \"a b\""),
        Case(
            head + "policy = 1\n", "4:1", "manifest-unknown-key", "unknown key `policy` in [bundle]", fix: nil
        ),
    ]

    /// What does not hold in an entry.
    static let entries = [
        Case("[[files]]\nsource = \"path:m\"\n", "4:1", "manifest-missing-key", "[[files]] has no `name`"),
        Case(
            "[[files]]\nname = \"f\"\n", "4:1", "manifest-missing-key", "f: [[files]] has no `source`",
            fix: "add source = …"),
        Case(
            model + "inclde = [\"*\"]\n", "7:1", "manifest-unknown-key",
            "m: unknown key `inclde` in [[model]]",
            fix: "did you mean `include`?"),
        Case(
            model + "gguf = \"Q4_K_M\"\n", "7:1", "manifest-conflict",
            "m: `gguf` is for an entry that is made from another one"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"m\"\ngguf = \"Q4_0\"\ndtype = \"f16\"\n", "10:1",
            "manifest-conflict", "n: `dtype` and `gguf` exclude each other"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"m\"\ndtype = \"f16\"\nvia = \"bf16\"\n", "11:1",
            "manifest-conflict", "n: `via` is for an entry with `gguf`"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"m\"\ngguf = \"q8_0\"\nimatrix = \"x\"\n", "11:1",
            "manifest-conflict", "n: `imatrix` is for quantizing, and \"q8_0\" quantizes nothing"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"m\"\ngguf = \"Q4_K_L\"\n", "10:8", "manifest-value",
            "n: `gguf` is the string \"Q4_K_L\""),
        Case(
            model + "sub.\"quoted key\" = 1\n", "7:1", "manifest-unknown-key",
            "m: unknown key `sub` in [[model]]"),
        Case(
            model + "'in clude' = [\"*\"]\n", "7:1", "manifest-unknown-key",
            "m: unknown key `in clude` in [[model]]", fix: "did you mean `include`?"),
        Case(
            "[[model]]\nname = \"Big Model\"\nsource = \"path:m\"\n", "5:8", "manifest-value",
            "`name` has \"Big Model\"", fix: "did you mean \"big-model\"?"),
        Case(
            model + "include = \"*.json\"\n", "7:11", "manifest-type",
            "m: `include` must be a list of strings, found the string \"*.json\"",
            fix: "write include = [\"*.json\"]"),
        Case(model + "include = []\n", "7:11", "manifest-value", "m: `include` is an empty list"),
        Case(model + "exclude = [\"\"]\n", "7:12", "manifest-value", "m: `exclude` has \"\""),
        Case(
            model + "exclude = [[\"a\"]]\n", "7:12", "manifest-type",
            "m: `exclude` must be a list of strings, found a list"),
        Case(model + "license = \"a b\"\n", "7:11", "manifest-value", "m: `license` has \"a b\""),
        Case(
            model + "allow = [\"Shard_Missing\"]\n", "7:10", "manifest-value",
            "m: `allow` has \"Shard_Missing\"",
            fix: "did you mean \"shard-missing\"?"),
        Case(
            model + "allow = [\"shard-mising\"]\n", "7:10", "manifest-value",
            "m: `allow` has \"shard-mising\"", fix: "did you mean \"shard-missing\"?"),
        Case(
            model + "[[files]]\nname = \"m\"\nsource = \"path:x\"\n", "8:8", "manifest-duplicate-name",
            "m: this name is already used on line 5", fix: "give every entry its own name, whatever its kind"),
        Case(
            "[[model]]\nname = \"m\"\nsource = \"hf-dataset:a/b\"\n", "6:10", "manifest-value",
            "m: a model entry cannot come from \"hf-dataset:a/b\""),
        Case(
            "[[wheels]]\nname = \"w\"\nsource = \"hf:a/b\"\n", "6:10", "manifest-value",
            "w: a wheels entry cannot come from \"hf:a/b\""),
        Case(
            "[[model]]\nname = \"m\"\nsource = \"Qwen/Qwen3-8B@main\"\n", "6:10", "manifest-value",
            "m: the source \"Qwen/Qwen3-8B@main\" does not state where to look",
            fix: "did you mean \"hf:Qwen/Qwen3-8B@main\"?"),
        Case(
            "[[model]]\nname = \"m\"\n", "4:1", "manifest-missing-key",
            "m: [[model]] has neither `source` nor `from`", fix: "add source = …"),
        Case(
            model + "dtype = \"f16\"\n", "7:1", "manifest-conflict",
            "m: `dtype` is for an entry that is made from another one"),
        Case(
            model + "from = \"m\"\ndtype = \"f16\"\n", "7:1", "manifest-conflict",
            "m: `source` and `from` exclude each other", fix: "remove one of them"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"m\"\n", "7:1", "manifest-missing-key",
            "n: `from` does not state what to make", fix: "add dtype = …"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"m\"\ndtype = \"fp16\"\n", "10:9", "manifest-value",
            "n: `dtype` is the string \"fp16\"", fix: "did you mean \"f16\"?"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"m\"\ndtype = \"f16\"\nexclude = [\"x\"]\n", "11:1",
            "manifest-conflict", "n: `exclude` is for an entry with a source"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"o\"\ndtype = \"f16\"\n", "9:8", "manifest-from",
            "n: there is no entry o to make it from"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"n\"\ndtype = \"f16\"\n", "9:8", "manifest-from",
            "n: an entry cannot be made from itself"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"o\"\ndtype = \"f16\"\n"
                + "[[model]]\nname = \"o\"\nfrom = \"m\"\ndtype = \"f32\"\n", "9:8", "manifest-from",
            "n: o is itself made from another entry",
            fix: "make n from the entry that o is made from"),
        Case(
            model + "[[model]]\nname = \"n\"\nfrom = \"o\"\ndtype = \"f16\"\n"
                + "[[model]]\nname = \"o\"\nfrom = \"n\"\ndtype = \"f32\"\n", "9:8", "manifest-from",
            "n: o, which it is made from, is made from n"),
        Case(
            model + "[[files]]\nname = \"f\"\nfrom = \"m\"\n", "9:1", "manifest-unknown-key",
            "f: unknown key `from` in [[files]]", fix: "`from` belongs below [[model]]"),
        Case(
            "[[model]]\nname = \"m\"\nsource = 5\n", "6:10", "manifest-type",
            "m: `source` must be a string, found the integer 5"),
        Case(
            "model = [ {name = \"m\", source = \"path:m\"}, {name = \"n\"} ]\n", "4:1",
            "manifest-unknown-key",
            "unknown key `model` in [bundle]", fix: nil),
    ]

    @Test(arguments: tables) func problemOfTables(_ one: Case) throws { try expect(one, in: one.text) }

    @Test(arguments: entries) func problemOfEntries(_ one: Case) throws {
        try expect(one, in: Self.head + one.text)
    }

    private func expect(_ one: Case, in text: String) throws {
        let found = problems(of: text)
        let all = found.map { "\(place($0)) \($0.code) \($0.message)" }.joined(separator: "\n")
        let first = try #require(
            found.first { $0.message == one.message && place($0) == one.place }, "found only:\n\(all)")
        #expect(first.code.rawValue == one.code)
        if let fix = one.fix { #expect(first.fix == fix) }
        #expect(first.severity == .error)
        #expect(first.verdict == .undecided)
        #expect(first.location?.file == "pack.toml")
    }

    @Test func reportsEverythingAtOnceInTheOrderOfTheText() {
        let text = """
            shema = 1
            [[files]]
            name = "x"
            source = "path:"
            [bundle]
            name = "no_"
            [[model]]
            name = "x"
            source = "kaggle:a/b"
            inclde = []
            [policy]
            proof = "maybe"
            """
        let found = problems(of: text).map { "\(place($0)) \($0.code)" }
        #expect(
            found == [
                "1:1 manifest-unknown-key", "4:10 manifest-value", "6:8 manifest-value",
                "8:8 manifest-duplicate-name", "9:10 manifest-value", "10:1 manifest-unknown-key",
                "12:9 manifest-value",
            ])
    }

    @Test func stopsAfterAHundredProblemsAndSaysSo() {
        let lines = (0..<250).map { "k\($0) = 1\n" }.joined()
        let found = problems(of: Self.head + lines + Self.model)
        #expect(found.count == 101)
        #expect(found.last?.message == "150 more problems are not shown")
        #expect(found.last?.severity == .note)
    }

    @Test func showsHostileTextOnOneLineAndShort() throws {
        let key = "\\u001b[31m" + String(repeating: "x", count: 5000)
        let found = problems(of: Self.head + "\"\(key)\" = 1\n" + Self.model)
        let message = try #require(found.first?.message)
        #expect(message.utf8.count < 200)
        #expect(message.hasPrefix("unknown key `\\u{1B}[31mxxx"))
    }

    private func problems(of text: String) -> [Diagnostic] {
        do throws(Diagnostics) {
            _ = try Manifest.parse(Array(text.utf8), path: "pack.toml")
            return []
        } catch {
            return error.all
        }
    }

    private func place(_ diagnostic: Diagnostic) -> String {
        "\(diagnostic.location?.line ?? 0):\(diagnostic.location?.column ?? 0)"
    }
}
