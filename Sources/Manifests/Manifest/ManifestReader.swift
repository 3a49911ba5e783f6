import Formats
import Tensors

/// Checks a manifest's tables against `ManifestSchema` and collects everything that is wrong.
struct ManifestReader {
    /// A key's value once it was found to be right.
    enum Value {
        /// A string that its key allows.
        case text(String)
        /// An array of strings, in the order in which they are written.
        case list([String])
        /// An integer that its key allows, or a size in bytes.
        case integer(Int)
        /// A local date without a time.
        case date(CalendarDate)
        /// A truth value.
        case flag(Bool)
    }

    /// More problems than this come from a file that is no manifest.
    static let mostProblems = 100

    private let text: LineColumns
    private var problems: [(place: Int, diagnostic: Diagnostic)] = []

    /// Makes a reader that has found no problem so far; the text gives problems their lines and columns.
    init(_ text: LineColumns) { self.text = text }

    /// The problems in the order of their places; `nil` if there is none.
    var diagnostics: Diagnostics? {
        guard !problems.isEmpty else { return nil }
        let sorted = problems.enumerated().sorted { one, other in
            (one.element.place, one.offset) < (other.element.place, other.offset)
        }
        var all = sorted.prefix(ManifestReader.mostProblems).map { _, problem in
            problem.diagnostic.located(at: text.location(problem.place))
        }
        if sorted.count > all.count {
            all.append(
                Diagnostic(
                    code: .manifestMore, "\(sorted.count - all.count) more problems are not shown",
                    at: Diagnostic.Location(file: text.path)))
        }
        return Diagnostics(all)
    }

    /// Where the byte at an offset stands.
    func location(_ place: Int) -> Diagnostic.Location { text.location(place) }

    /// Notes a problem.
    mutating func report(
        _ code: FindingCode, _ message: String, at place: Int, allowed: String? = nil, fix: String? = nil
    ) {
        let diagnostic = Diagnostic(
            code: code, message, notes: allowed.map { ["allowed: \($0)"] } ?? [], fix: fix,
            verdict: .undecided)
        problems.append((place, diagnostic))
    }

    /// Checks one table and gives the values of the keys that are right.
    mutating func values(
        of table: LocatedValue, as schema: ManifestSchema.Table
    ) -> [ExactName: Value] {
        let members = table.members ?? []
        let label = ManifestReader.label(of: table, schema)
        var values: [ExactName: Value] = [:]
        var meant: Set<ExactName> = []
        for member in members {
            guard let key = schema.keys.first(where: { $0.name.hasSameBytes(as: member.key) }) else {
                if let probable = unknown(
                    member, label: label, in: schema.header, among: schema.keys.map(\.name))
                {
                    meant.insert(probable)
                }
                continue
            }
            if let value = value(member.value, of: key, label: label) { values[key.name] = value }
        }
        for key in schema.keys where key.isRequired && table[key.name] == nil && !meant.contains(key.name) {
            report(
                .manifestMissingKey, "\(label)\(schema.header) has no `\(key.name)`", at: table.place,
                allowed: key.type.allowed, fix: "add \(key.name) = …")
        }
        checkForms(of: table, schema, label, meant)
        if let variants = schema.variants { checkVariants(of: table, schema, variants, values, meant) }
        return values
    }

    /// Checks what the value of one key means for the others.
    private mutating func checkVariants(
        of table: LocatedValue, _ schema: ManifestSchema.Table, _ variants: ManifestSchema.Variants,
        _ values: [ExactName: Value], _ meant: Set<ExactName>
    ) {
        let stated = table[variants.key]
        var chosen = variants.cases.first
        if stated != nil || meant.contains(variants.key) {
            // A value that is not one was reported.
            guard case .text(let text)? = values[variants.key] else { return }
            chosen = variants.cases.first { $0.value == text }
        }
        guard let chosen else { return }
        for other in variants.cases where other.value != chosen.value {
            for key in other.own {
                guard let member = table[key] else { continue }
                report(
                    .manifestConflict, "`\(key)` is for \(variants.key) = \(quoted(other.value))",
                    at: member.place,
                    fix: "remove it, or write \(variants.key) = \(quoted(other.value))")
            }
        }
        for key in chosen.required where table[key] == nil && !meant.contains(key) {
            let allowed = chosen.choices.flatMap { $0.key == key ? $0.values : nil }
            report(
                .manifestMissingKey,
                "\(schema.header) has no `\(key)`, which \(variants.key) = \(quoted(chosen.value)) needs",
                at: table.place,
                allowed: allowed?.joined(separator: ", ")
                    ?? schema.keys.first { $0.name == key }?.type.allowed, fix: "add \(key) = …")
        }
        guard let (key, allowed) = chosen.choices, case .text(let text)? = values[key],
            !allowed.contains(text),
            let member = table[key]
        else { return }
        let probable = Suggestion.nearest(to: text, among: allowed)
        let isUsual = chosen.value == variants.cases.first?.value
        let hint = isUsual ? schema.keys.first { $0.name == key }?.hint : nil
        report(
            .manifestValue, "`\(key)` is \(member.value.found)", at: member.value.place,
            allowed: allowed.joined(separator: ", "),
            fix: probable.map { "did you mean \(quoted($0))?" } ?? hint)
    }

    /// Checks that the table is written in one of its forms, and in no other as well.
    private mutating func checkForms(
        of table: LocatedValue, _ schema: ManifestSchema.Table, _ label: String, _ meant: Set<ExactName>
    ) {
        let taken = schema.forms.filter { table[$0.key] != nil || meant.contains($0.key) }
        guard let form = taken.first else {
            guard let first = schema.forms.first else { return }
            let others = schema.forms.dropFirst().map { "`\($0.key)`" }.joined(separator: ", ")
            return report(
                .manifestMissingKey, "\(label)\(schema.header) has neither `\(first.key)` nor \(others)",
                at: table.place, fix: "add \(first.key) = …")
        }
        if let other = taken.dropFirst().first, let member = table[other.key] {
            return report(
                .manifestConflict, "\(label)`\(form.key)` and `\(other.key)` exclude each other",
                at: member.place, fix: "remove one of them")
        }
        for other in schema.forms where other.key != form.key {
            for key in other.own where !form.own.contains(key) {
                guard let member = table[key] else { continue }
                report(
                    .manifestConflict, "\(label)`\(key)` is for an entry \(other.words)", at: member.place,
                    fix: form.key == "from"
                        ? "remove it, or write it in the entry that `from` names"
                        : "give a second \(schema.header) `\(other.key)` and `\(key)`")
            }
        }
        if let (one, other) = form.exclusive, table[one] != nil, let member = table[other] {
            report(
                .manifestConflict, "\(label)`\(one)` and `\(other)` exclude each other", at: member.place,
                fix: "remove one of them, or make two entries")
        }
        for (key, needs) in form.dependent where table[needs] == nil && !meant.contains(needs) {
            guard let member = table[key] else { continue }
            report(
                .manifestConflict, "\(label)`\(key)` is for an entry with `\(needs)`", at: member.place,
                fix: "remove it, or add \(needs) = …")
        }
        let needed = form.needsOneOf
        if let first = needed.first, !needed.contains(where: { table[$0] != nil || meant.contains($0) }) {
            report(
                .manifestMissingKey, "\(label)`\(form.key)` does not state what to make", at: table.place,
                allowed: needed.joined(separator: ", "), fix: "add \(first) = …")
        }
    }

    /// Notes a key that there is none of; gives the key that was probably meant.
    @discardableResult
    mutating func unknown(
        _ member: LocatedValue.Member, label: String = "", in place: String, among names: [String]
    ) -> String? {
        let probable = Suggestion.nearest(to: member.key, among: names)
        let fix = probable.map { "did you mean `\($0)`?" } ?? ManifestReader.otherPlace(of: member.key)
        report(
            .manifestUnknownKey, "\(label)unknown key `\(shown(member.key))` in \(place)",
            at: member.place, allowed: names.joined(separator: ", "), fix: fix)
        return probable
    }

    /// The table that has a key of exactly this name.
    private static func otherPlace(of name: String) -> String? {
        let isNamed: (ManifestSchema.Key) -> Bool = { $0.name.hasSameBytes(as: name) }
        if ManifestSchema.rootKeys.contains(where: isNamed) {
            return "move `\(name)` above the first table"
        }
        return ManifestSchema.tables.first { $0.keys.contains(where: isNamed) }
            .map { "`\(name)` belongs below \($0.header)" }
    }

    /// The entry's name and a colon, where it has a name that can be shown.
    private static func label(of table: LocatedValue, _ schema: ManifestSchema.Table) -> String {
        guard schema.kind != nil, let name = table["name"]?.value.string, TextRule.entryName.accepts(name)
        else { return "" }
        return "\(name): "
    }

    // MARK: Values

    private mutating func value(_ value: LocatedValue, of key: ManifestSchema.Key, label: String) -> Value? {
        switch (key.type, value.content) {
        case (.version, .integer(let number)):
            if number == ManifestSchema.version { return .integer(number) }
            refuse(value, key, label)
        case (.text(let rule), .string(let text)):
            if rule.accepts(text) { return .text(text) }
            refuse(text, rule, key, at: value.place, label)
        case (.choice(let values), .string(let text)):
            if values.containsExactly(text) { return .text(text) }
            let probable = Suggestion.nearest(to: text, among: values)
            refuse(value, key, label, fix: probable.map { "did you mean \(quoted($0))?" } ?? key.hint)
        case (.count, .integer(let number)):
            if number > 0 { return .integer(number) }
            refuse(value, key, label)
        case (.bits, .integer(let number)):
            if (1...64).contains(number) { return .integer(number * 1000) }
            refuse(value, key, label)
        case (.bits, .float(let number)):
            let thousandths = (number * 1000).rounded()
            if thousandths >= 1, thousandths <= 64_000, abs(number * 1000 - thousandths) < 1e-6 {
                return .integer(Int(thousandths))
            }
            refuse(value, key, label)
        case (.sparsity, .float(let number)):
            let thousandths = (number * 1000).rounded()
            if thousandths >= 1, thousandths <= 999, abs(number * 1000 - thousandths) < 1e-6 {
                return .text(Sparsity.thousandths(Int(thousandths)).text)
            }
            refuse(value, key, label)
        case (.sparsity, .string(let text)):
            if Sparsity.patterns.contains(where: { $0.text.hasSameBytes(as: text) }) { return .text(text) }
            refuse(value, key, label)
        case (.size, .integer(let bytes)):
            if bytes > 0 { return .integer(bytes) }
            refuse(value, key, label)
        case (.size, .string(let text)):
            if let bytes = ByteSize.parse(text) { return .integer(bytes) }
            refuse(value, key, label)
        case (.date, .date(let moment)):
            if let date = moment.date, moment.time == nil { return .date(date) }
            wrongType(value, key, label, fix: "write the day alone, such as 2026-10-01")
        case (.date, .string(let text)):
            wrongType(
                value, key, label,
                fix: CalendarDate(text).map { "write \(key.name) = \($0), without quotes" })
        case (.flag, .bool(let isTrue)): return .flag(isTrue)
        case (.flag, .string(let text)):
            wrongType(
                value, key, label,
                fix: text == "true" || text == "false" ? "write \(key.name) = \(text), without quotes" : nil)
        case (.list(let rule, let mayBeEmpty), .list(let elements)):
            return list(elements, of: rule, mayBeEmpty, key, at: value.place, label)
        case (.listOrPath(let rule), .list(let elements)):
            return list(elements, of: rule, false, key, at: value.place, label)
        case (.listOrPath, .string(let text)):
            if TextRule.line.accepts(text) { return .text(text) }
            refuse(value, key, label)
        case (.list, .string(let text)):
            wrongType(value, key, label, fix: "write \(key.name) = [\(quoted(text))]")
        default: wrongType(value, key, label)
        }
        return nil
    }

    private mutating func list(
        _ elements: [LocatedValue], of rule: TextRule, _ mayBeEmpty: Bool, _ key: ManifestSchema.Key,
        at place: Int, _ label: String
    ) -> Value? {
        if elements.isEmpty, !mayBeEmpty {
            report(
                .manifestValue, "\(label)`\(key.name)` is an empty list", at: place,
                allowed: key.type.allowed,
                fix: "leave `\(key.name)` out, or write what it should hold")
            return nil
        }
        var texts: [String] = []
        for element in elements {
            guard let text = element.string else {
                wrongType(element, key, label)
                continue
            }
            if rule.accepts(text) {
                texts.append(text)
            } else {
                refuse(text, rule, key, at: element.place, label)
            }
        }
        return texts.count == elements.count ? .list(texts) : nil
    }

    private mutating func wrongType(
        _ value: LocatedValue, _ key: ManifestSchema.Key, _ label: String, fix: String? = nil
    ) {
        report(
            .manifestType, "\(label)`\(key.name)` must be \(key.type.name), found \(value.found)",
            at: value.place, allowed: key.type.allowed, fix: fix)
    }

    private mutating func refuse(
        _ value: LocatedValue, _ key: ManifestSchema.Key, _ label: String, fix: String? = nil
    ) {
        report(
            .manifestValue, "\(label)`\(key.name)` is \(value.found)", at: value.place,
            allowed: key.type.allowed, fix: fix)
    }

    private mutating func refuse(
        _ text: String, _ rule: TextRule, _ key: ManifestSchema.Key, at place: Int, _ label: String
    ) {
        var allowed = rule.allowed
        var message = "\(label)`\(key.name)` has \(quoted(text))"
        if case .source(let kind) = rule {
            if let error = TextRule.sourceError(in: text) {
                message = "\(label)the source \(quoted(text)) \(error.message)"
                allowed = error.allowed
            } else {
                message = "\(label)a \(kind.rawValue) entry cannot come from \(quoted(text))"
            }
        }
        report(
            .manifestValue, message, at: place, allowed: allowed,
            fix: rule.suggestion(for: text).map { "did you mean \(quoted($0))?" })
    }

    /// A key for a message between backticks.
    private func shown(_ key: String) -> String { String(quoted(key).dropFirst().dropLast()) }
}
