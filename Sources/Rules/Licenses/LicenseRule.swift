import Formats
import Manifests
import ModelFacts

/// `licenses` of `[policy]`: an entry's licence must be in the list.
enum LicenseRule {
    /// Licences that are denied or unknown, of the entry and, for wheels, of each; nothing if the policy has no list.
    static func findings(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard let allowed = policy.licenses else { return [] }
        let list = policy.allowedLicenses
        let wheels = WheelLicenseRule.findings(locked, allowed, list)
        guard locked.license != nil || WheelLicenseRule.wheels(locked).isEmpty else { return wheels }
        return own(locked, allowed, list) + wheels
    }

    /// What is said of the entry as a whole.
    private static func own(_ locked: LockedEntry, _ allowed: [String], _ list: String) -> [Diagnostic] {
        guard let license = locked.license else {
            return [unknown("\(locked.name): nothing states under which licence it is", [list])]
        }
        let stated = LicenseExpression(stated: license.id)
        let said = "stated by \(license.from.words)"
        if stated.licenses.allSatisfy({ LicenseName($0).isUnknown }) {
            let words = "\(license.from.words) only states that the licence is \(license.id)"
            return [unknown("\(locked.name): \(words)", [list])]
        }
        guard !keeps(stated, allowed) else { return [] }
        let denied = stated.licenses.filter { !keeps(.license($0), allowed) }
        let parts = stated.licenses.count > 1 ? ["not in it: \(denied.joined(separator: ", "))"] : []
        return [
            Diagnostic(
                code: .licenseDenied,
                "\(locked.name): the licence \(license.id) is not in the policy's list",
                notes: [list] + parts + [said],
                fix: "take another model, or add the licence to [policy] licenses if the rules allow it")
        ]
    }

    /// Whether a licence is kept by a list.
    static func keeps(_ stated: LicenseExpression, _ allowed: [String]) -> Bool {
        let names = allowed.map { LicenseName($0) }
        return stated.isAccepted { license in
            let name = LicenseName(license)
            return names.contains { $0.accepts(name) }
        }
    }

    private static func unknown(_ message: String, _ notes: [String]) -> Diagnostic {
        Diagnostic(
            code: .licenseUnknown, message, notes: notes,
            fix: "find out, and add license = \"…\" to the entry; the lock records that you stated it")
    }

    /// Names in the list that neither SPDX nor the Hub nor an entry has, which no licence will ever match.
    static func unknownNames(_ policy: Policy, _ lock: Lock) -> [Diagnostic] {
        let used = Set(
            (lock.entries.compactMap(\.license?.id) + lock.entries.flatMap(WheelLicenseRule.stated))
                .flatMap { LicenseExpression(stated: $0).licenses }.map { LicenseName($0) })
        return (policy.licenses ?? []).prefix(policy.ownLicenseCount).enumerated().compactMap { index, text in
            let name = LicenseName(text)
            guard !name.isKnown, !used.contains(name) else { return nil }
            return Diagnostic(
                code: .licenseNameUnknown,
                "no licence is known as \"\(text)\", and no entry has one of that name",
                at: policy.location(of: "licenses.\(index)"),
                fix: name.suggestion.map { "did you mean \"\($0)\"?" }
                    ?? "write SPDX's identifier, the Hub's, or the card's license_name")
        }
    }
}

/// The licences that wheels state of themselves: each must be in the list, and what is said of the entry as a whole holds
/// for those that state none.
enum WheelLicenseRule {
    private static let told = 5

    /// What is known of the wheels of an entry; none for entries of other kinds.
    static func wheels(_ locked: LockedEntry) -> [WheelFacts] {
        locked.kind == .wheels ? WheelFacts.recorded(in: locked) ?? [] : []
    }

    /// The licences that the wheels of an entry state, as they state them.
    static func stated(_ locked: LockedEntry) -> [String] { wheels(locked).compactMap(\.license) }

    /// Wheels whose licence is not in the list; and those without one, if nothing is stated of the entry either.
    static func findings(_ locked: LockedEntry, _ allowed: [String], _ list: String) -> [Diagnostic] {
        let wheels = wheels(locked)
        var findings = wheels.compactMap { wheel -> Diagnostic? in
            guard let license = wheel.license,
                !LicenseRule.keeps(LicenseExpression(stated: license), allowed)
            else { return nil }
            return Diagnostic(
                code: .licenseDenied,
                "\(locked.name): the licence \(license) of \(wheel.path) is not in the policy's list",
                notes: [list, "stated by the wheel's METADATA"],
                fix: "leave the wheel out, or add the licence to [policy] licenses if the rules allow it")
        }
        let silent = wheels.filter { $0.license == nil }
        if locked.license == nil, let first = silent.first {
            let more = silent.count > told + 1 ? ["… and \(silent.count - told - 1) more"] : []
            findings.append(
                Diagnostic(
                    code: .licenseUnknown,
                    "\(locked.name): nothing states under which licence \(first.path) is",
                    notes: [list] + silent.dropFirst().prefix(told).map { "nor \($0.path)" } + more,
                    fix:
                        "find out, and add license = \"…\" to the entry, which holds for wheels that state none"
                ))
        }
        return findings
    }
}

/// The licences of the models that a model's card names as what it was made from.
enum BaseModelRule {
    /// Base models whose licence is not in the list, or that no entry of the lock is; nothing if the policy has no list.
    /// - Parameter bases: the bundles that it builds on, whose entries count as the lock's own.
    static func findings(
        _ locked: LockedEntry, _ policy: Policy, _ lock: Lock, bases: [BaseBundle] = []
    ) -> [Diagnostic] {
        // What is converted here has the bases of the entry that it was made from, which are looked at there.
        guard let allowed = policy.licenses, locked.asked.conversion == nil else { return [] }
        let relation = locked.fact("base_model_relation")?.string
        var findings: [Diagnostic] = []
        var unknown: [String] = []
        for base in locked.fact("base_models")?.strings ?? [] {
            var entries = lock.entries.filter { isModel($0, base) && $0.name != locked.name }
            if entries.isEmpty { entries = bases.flatMap(\.lock.entries).filter { isModel($0, base) } }
            guard !entries.isEmpty else {
                if !isItself(locked, base) { unknown.append(base) }
                continue
            }
            findings += entries.compactMap { entry in
                guard let license = entry.license,
                    !LicenseRule.keeps(LicenseExpression(stated: license.id), allowed)
                else { return nil }
                return Diagnostic(
                    code: .licenseBaseDenied,
                    "\(locked.name): its base model \(base) has the licence \(license.id), which is not in the policy's list",
                    notes: [
                        policy.allowedLicenses,
                        "\(entry.name) is \(base), stated by \(license.from.words)",
                    ], fix: "take a model with another base, or add the licence to [policy] licenses")
            }
        }
        guard !unknown.isEmpty else { return findings }
        let made = relation.map { " (\($0))" } ?? ""
        return findings + [
            Diagnostic(
                code: .licenseBaseUnknown,
                "\(locked.name): the licence of its base model is not known here\(made)",
                notes: unknown.map { "made from \($0), which no entry has" },
                fix: "look it up, and add \"license-base-unknown\" to the entry's allow if it is right")
        ]
    }

    /// Whether an entry is what a card calls by this name.
    private static func isModel(_ entry: LockedEntry, _ name: String) -> Bool {
        guard entry.asked.conversion == nil else { return false }
        return isItself(entry, name)
    }

    private static func isItself(_ entry: LockedEntry, _ name: String) -> Bool {
        guard case .hub(let repository, _, _) = entry.origin, repository.kind == .model else { return false }
        return repository.id.lowercased() == name.lowercased()
    }
}
