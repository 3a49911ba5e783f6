import Conversion
import Formats

extension Manifest {
    /// Reads a manifest; `path` is how messages call it. Nothing else of the disk is looked at.
    ///
    /// Throws every problem there is, in the order of their places, each with line and column; only what
    /// is no TOML at all, or is of a newer schema, ends the search at the first one.
    package static func parse(_ bytes: [UInt8], path: String) throws(Diagnostics) -> Manifest {
        let (root, text) = try TOMLDocument.read(bytes, path: path)
        var reader = ManifestReader(text)
        try reader.refuseNewerSchema(root)
        reader.checkRoot(root)
        let bundle = reader.bundle(root)
        let policy = reader.policy(root)
        let entries = reader.entries(root)
        if let diagnostics = reader.diagnostics { throw diagnostics }
        guard let bundle else {
            // Without a bundle a problem was reported above.
            throw Diagnostics(
                Diagnostic(
                    code: .manifestMissingTable, "the manifest has no [bundle]",
                    at: Diagnostic.Location(file: path), verdict: .undecided))
        }
        var manifest = Manifest(path: path, bundle: bundle, policy: policy, entries: entries)
        if let table = root["bundle"]?.value {
            manifest.bundlePlaces[""] = reader.location(table.place)
            for member in table.members ?? [] {
                manifest.bundlePlaces[member.key] = reader.location(member.place)
            }
        }
        return manifest
    }
}

extension ManifestReader {
    /// A newer schema may give every key another meaning, so nothing else is said about it.
    fileprivate mutating func refuseNewerSchema(_ root: LocatedValue) throws(Diagnostics) {
        guard let value = root["schema"]?.value, case .integer(let number) = value.content,
            number > ManifestSchema.version
        else { return }
        report(
            .manifestSchema,
            "the manifest has schema \(number), this Knapsack reads schema \(ManifestSchema.version)",
            at: value.place, fix: "use a newer Knapsack")
        if let diagnostics { throw diagnostics }
    }

    /// Checks the keys and the tables at the top.
    fileprivate mutating func checkRoot(_ root: LocatedValue) {
        let tables = ManifestSchema.tables.map(\.name)
        var others: [LocatedValue.Member] = []
        var meant: Set<ExactName> = []
        for member in root.members ?? [] {
            if tables.containsExactly(member.key) { continue }
            if ManifestSchema.rootKeys.contains(where: { $0.name.hasSameBytes(as: member.key) }) {
                others.append(member)
                continue
            }
            let names = ManifestSchema.rootKeys.map(\.name) + tables
            if let probable = unknown(member, in: "the manifest", among: names) { meant.insert(probable) }
        }
        let keys = ManifestSchema.rootKeys.filter { !meant.contains($0.name) || root[$0.name] != nil }
        let top = ManifestSchema.Table(name: "", kind: nil, summary: "", keys: keys)
        _ = values(of: LocatedValue(content: .table(others), place: 0), as: top)
        let isEntry: (String) -> Bool = { Entry.Kind(rawValue: $0) != nil }
        if !meant.contains("bundle"), root["bundle"] == nil {
            report(
                .manifestMissingTable, "the manifest has no [bundle]", at: 0,
                fix: "add [bundle] with name = …")
        }
        if !(root.members ?? []).contains(where: { isEntry($0.key) }),
            !meant.contains(where: { isEntry($0.text) })
        {
            report(
                .manifestEmpty, "the manifest names nothing to pack", at: 0,
                allowed: Entry.Kind.allCases.map { "[[\($0.rawValue)]]" }.joined(separator: ", "),
                fix: "add a [[model]] with name = … and source = …")
        }
    }

    /// The one table of this name; `nil` if there is none or it is not one.
    private mutating func table(_ schema: ManifestSchema.Table, in root: LocatedValue) -> LocatedValue? {
        guard let value = root[schema.name]?.value else { return nil }
        if value.members != nil { return value }
        report(
            .manifestType, "`\(schema.name)` must be a table, found \(value.found)", at: value.place,
            fix: "write the header \(schema.header)")
        return nil
    }

    fileprivate mutating func bundle(_ root: LocatedValue) -> BundleSettings? {
        guard let table = table(ManifestSchema.bundle, in: root) else { return nil }
        let values = values(of: table, as: ManifestSchema.bundle)
        guard let name = values["name"]?.text else { return nil }
        var bundle = BundleSettings(
            name: name, owner: values["owner"]?.text, title: values["title"]?.text ?? name,
            subtitle: values["subtitle"]?.text,
            license: values["license"]?.text ?? ManifestSchema.defaultLicense,
            keywords: values["keywords"]?.list ?? [],
            deduplication: values["dedup"]?.text.flatMap(BundleSettings.Deduplication.init) ?? .tensor)
        bundle.bases = values["base"]?.list ?? []
        bundle.fit = values["fit"]?.integer
        checkBases(bundle, table)
        guard values["kind"]?.text == ManifestSchema.modelKind else { return bundle }
        let base = values["base-model"]?.text
        if let base, !ModelMetadata.isBase(base), let member = table["base-model"] {
            report(
                .manifestValue, "`base-model` is \(quoted(base))", at: member.value.place,
                allowed: "owner/model/framework/variation of Kaggle, or an address that begins with https://")
        }
        // Where one of the two is missing, that was reported.
        guard let framework = values["framework"]?.text, let variation = values["variation"]?.text else {
            return nil
        }
        bundle.model = BundleSettings.Model(framework: framework, variation: variation, base: base)
        return bundle
    }

    /// No bundle builds twice on one, or on any without sharing content with it.
    private mutating func checkBases(_ bundle: BundleSettings, _ table: LocatedValue) {
        guard !bundle.bases.isEmpty, let member = table["base"] else { return }
        var seen: Set<ExactName> = []
        for (base, element) in zip(bundle.bases, member.value.elements ?? [])
        where !seen.insert(ExactName(base)).inserted {
            report(
                .manifestValue, "`base` names \(quoted(base)) twice", at: element.place,
                fix: "take one of the two out")
        }
        if bundle.deduplication == .none {
            report(
                .manifestConflict, "`base` shares content with other bundles, and dedup is \"none\"",
                at: member.value.place, fix: "write dedup = \"file\" or \"tensor\", or take base out")
        }
    }

    fileprivate mutating func policy(_ root: LocatedValue) -> Policy {
        guard let table = table(ManifestSchema.policy, in: root) else { return .none }
        let values = values(of: table, as: ManifestSchema.policy)
        var policy = Policy(location: location(table.place))
        let own = values["licenses"]?.list.map { $0.map { $0.lowercased() } }
        policy.preset = values["preset"]?.text.flatMap(PolicyPreset.init)
        policy.ownLicenseCount = own?.count ?? 0
        policy.licenses = policy.preset.map { (own ?? []) + $0.licenses } ?? own
        policy.maximumAdapterRank = values["adapter-max-rank"]?.integer
        policy.adapterBases = values["adapter-bases"]?.list
        policy.adapterTargets = values["adapter-targets"]?.list
        policy.releasedBefore = values["released-before"]?.date
        policy.allowedRevisions = values["allowed-revisions"]?.list?.compactMap { AllowedRevision($0) }
        policy.allowedRevisionsPath = values["allowed-revisions"]?.text
        policy.remoteCode = values["remote-code"]?.text.flatMap(Policy.Rule.init)
        policy.unsafeTemplates = values["unsafe-templates"]?.text.flatMap(Policy.Rule.init)
        policy.maximumSize = values["max-size"]?.integer
        policy.maximumEntrySize = values["max-entry-size"]?.integer
        policy.proof = values["proof"]?.text.flatMap(Policy.Proof.init)
        policy.pickle = values["pickle"]?.text.flatMap(Policy.Pickle.init) ?? .deny
        policy.accelerator = values["accelerator"]?.text.flatMap(Accelerator.init)
        for member in table.members ?? [] where values[member.key] != nil {
            policy.places[member.key] = location(member.place)
        }
        for (index, element) in (table["licenses"]?.value.elements ?? []).enumerated() {
            policy.places["licenses.\(index)"] = location(element.place)
        }
        return policy
    }

    // MARK: Entries

    /// The entries that are right, in the order of the text over all kinds.
    fileprivate mutating func entries(_ root: LocatedValue) -> [Entry] {
        var tables: [(value: LocatedValue, schema: ManifestSchema.Table, kind: Entry.Kind)] = []
        for schema in ManifestSchema.tables {
            guard let kind = schema.kind, let value = root[schema.name]?.value else { continue }
            guard let elements = value.elements else {
                report(
                    .manifestType, "`\(schema.name)` must be a list of tables, found \(value.found)",
                    at: value.place, fix: "write the header \(schema.header)")
                continue
            }
            for element in elements {
                if element.members != nil {
                    tables.append((element, schema, kind))
                } else {
                    report(
                        .manifestType, "`\(schema.name)` must hold tables, found \(element.found)",
                        at: element.place, fix: "write the header \(schema.header)")
                }
            }
        }
        tables.sort { $0.value.place < $1.value.place }
        var firstLines: [ExactName: Int] = [:]
        var entries: [Entry] = []
        for (value, schema, kind) in tables {
            let values = values(of: value, as: schema)
            guard let name = values["name"]?.text else { continue }
            let place = value["name"]?.value.place ?? value.place
            if let line = firstLines[name] {
                report(
                    .manifestDuplicateName, "\(name): this name is already used on line \(line)",
                    at: place,
                    fix: "give every entry its own name, whatever its kind")
            } else {
                firstLines[name] = location(place).line
            }
            if let entry = entry(name, kind, values, at: value.place) { entries.append(entry) }
        }
        if !entries.isEmpty, !entries.contains(where: \.isPacked), diagnostics == nil {
            report(
                .manifestEmpty, "the manifest names nothing to pack: every entry has pack = false",
                at: tables.first?.value.place ?? 0, fix: "take pack = false out of what the notebook needs")
        }
        checkConversions(tables.map { ($0.value, $0.kind) })
        checkFits(tables.map(\.value), budget: root["bundle"]?.value["fit"])
        return entries
    }

    /// Where the files come from; `nil` where that is not right, which was reported.
    private func content(_ values: [ExactName: Value]) -> Entry.Content? {
        if let from = values["from"]?.text {
            let request = ConversionRequest(
                from: from, value: { values[$0]?.word(of: $0) }, list: { values[$0]?.list })
            return request.map(Entry.Content.conversion)
        }
        guard let text = values["source"]?.text, let source = try? Source.parse(text) else { return nil }
        return .source(source)
    }

    /// Entries that are made from others: those have to be there, and must not be made themselves.
    private mutating func checkConversions(_ tables: [(value: LocatedValue, kind: Entry.Kind)]) {
        func name(_ table: LocatedValue) -> String? {
            table["name"]?.value.string.flatMap { TextRule.entryName.accepts($0) ? $0 : nil }
        }
        let models = tables.filter { $0.kind == .model && $0.value["from"] == nil }
            .compactMap { name($0.value) }
        for table in tables.map(\.value) {
            guard let member = table["from"], let from = member.value.string, let own = name(table),
                TextRule.entryName.accepts(from)
            else { continue }
            checkImatrix(table, own)
            checkAdapters(table, own, models)
            let found = tables.first { name($0.value) == from }
            let named = found?.value
            let place = member.value.place
            if from == own {
                report(
                    .manifestFrom, "\(own): an entry cannot be made from itself", at: place,
                    allowed: models.joined(separator: ", "))
            } else if let named, named["from"] != nil {
                let isCycle = named["from"]?.value.string == own
                report(
                    .manifestFrom,
                    isCycle
                        ? "\(own): \(from), which it is made from, is made from \(own)"
                        : "\(own): \(from) is itself made from another entry", at: place,
                    fix: isCycle
                        ? "give one of the two a source"
                        : "make \(own) from the entry that \(from) is made from")
            } else if let kind = found?.kind, kind != .model {
                report(
                    .manifestFrom, "\(own): \(from) is \(kind.rawValue), and only a model can be converted",
                    at: place, allowed: models.joined(separator: ", "))
            } else if named == nil {
                let probable = Suggestion.nearest(to: from, among: models)
                report(
                    .manifestFrom, "\(own): there is no entry \(from) to make it from", at: place,
                    allowed: models.joined(separator: ", "),
                    fix: probable.map { "did you mean \(quoted($0))?" })
            }
        }
    }

    /// Adapters to merge are models with a source of their own.
    private mutating func checkAdapters(_ table: LocatedValue, _ own: String, _ models: [String]) {
        guard let member = table["merge"], let names = member.value.elements else { return }
        for value in names {
            guard let name = value.string, TextRule.entryName.accepts(name), !models.contains(name) else {
                continue
            }
            let probable = Suggestion.nearest(to: name, among: models)
            report(
                .manifestFrom, "\(own): there is no model \(name) with a source to merge", at: value.place,
                allowed: models.joined(separator: ", "),
                fix: probable.map { "did you mean \(quoted($0))?" })
        }
    }

    /// An importance matrix is of use only where something is quantized.
    private mutating func checkImatrix(_ table: LocatedValue, _ name: String) {
        if let member = table["prune"], let other = ["gguf", "merge"].first(where: { table[$0] != nil }) {
            report(
                .manifestConflict, "\(name): `prune` and `\(other)` exclude each other", at: member.place,
                fix: "remove one of them, or make two entries")
        }
        if let member = table["imatrix"], table["gguf"] == nil, table["prune"] == nil {
            report(
                .manifestConflict, "\(name): `imatrix` is for an entry with `gguf`", at: member.place,
                fix: "remove it, or add gguf = …")
        }
        guard let member = table["imatrix"], let type = table["gguf"]?.value.string,
            case .converted? = try? GGUFProduct(named: type, via: table["via"] == nil ? nil : .f16)
        else { return }
        report(
            .manifestConflict,
            "\(name): `imatrix` is for quantizing, and \(quoted(type)) quantizes nothing",
            at: member.place, fix: "remove it, or choose a type in capitals")
    }

    private func entry(
        _ name: String, _ kind: Entry.Kind, _ values: [ExactName: Value], at place: Int
    ) -> Entry? {
        guard let content = content(values) else { return nil }
        return Entry(
            name: name, kind: kind, content: content, include: values["include"]?.list,
            exclude: values["exclude"]?.list ?? [], license: values["license"]?.text?.lowercased(),
            allow: (values["allow"]?.list ?? []).compactMap(FindingCode.init), location: location(place),
            released: values["released"]?.date,
            maximumSize: values["max-size"]?.integer,
            accelerator: values["accelerator"]?.text.flatMap(Accelerator.init),
            isPacked: values["pack"]?.flag ?? true,
            wheels: WheelSettings(
                python: values["python"]?.text, platform: values["platform"]?.text,
                provided: values["provided"]?.list ?? [], providedFile: values["provided-file"]?.text,
                requires: values["requires"]?.list))
    }
}

extension ManifestReader.Value {
    fileprivate var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The value as a word: of a size its bytes, of bits the decimal number.
    fileprivate func word(of key: String) -> String? {
        switch self {
        case .text(let text): text
        case .integer(let number): key == "bits" ? FitBudget.bits(number) : "\(number)"
        case .flag(let flag): flag ? "true" : "false"
        case .list, .date: nil
        }
    }

    fileprivate var list: [String]? {
        if case .list(let value) = self { value } else { nil }
    }

    fileprivate var date: CalendarDate? {
        if case .date(let value) = self { value } else { nil }
    }

    fileprivate var flag: Bool? {
        if case .flag(let value) = self { value } else { nil }
    }

    fileprivate var integer: Int? {
        if case .integer(let value) = self { value } else { nil }
    }
}
