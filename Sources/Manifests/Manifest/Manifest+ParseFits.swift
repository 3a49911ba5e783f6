import Formats

extension ManifestReader {
    /// Fits have one budget each or share the bundle's, and nothing else does.
    mutating func checkFits(_ tables: [LocatedValue], budget: LocatedValue.Member?) {
        var isShared = false
        for table in tables where table["from"] != nil {
            let name = table["name"]?.value.string ?? ""
            let shares = checkFit(table, TextRule.entryName.accepts(name) ? name : "model", budget)
            isShared = isShared || shares
        }
        if let budget, !isShared {
            report(
                .manifestConflict, "`fit` is a budget that no entry shares", at: budget.place,
                fix: "take max-size, bits or fit-memory out of an entry with gguf = \"fit\", or remove it")
        }
    }

    /// - Returns: whether the entry shares the bundle's budget.
    private mutating func checkFit(
        _ table: LocatedValue, _ name: String, _ shared: LocatedValue.Member?
    ) -> Bool {
        guard let type = table["gguf"] else { return false }
        guard type.value.string?.hasSameBytes(as: FitRequest.name) ?? false else {
            for key in FitRequest.keys {
                guard let member = table[key] else { continue }
                report(
                    .manifestConflict, "\(name): `\(key)` is for an entry with gguf = \"fit\"",
                    at: member.place,
                    fix: "remove it, or write gguf = \"fit\"")
            }
            return false
        }
        let budgets = FitRequest.budgetKeys.compactMap { key in table[key].map { (key, $0) } }
        if budgets.isEmpty, shared == nil {
            report(
                .manifestMissingKey, "\(name): gguf = \"fit\" does not state how large the file may be",
                at: type.value.place, allowed: FitRequest.budgetKeys.joined(separator: ", "),
                fix: "add max-size = \"4.2 GB\", or fit = \"38 GB\" to [bundle] for several together")
        } else if let (key, member) = budgets.dropFirst().first {
            report(
                .manifestConflict, "\(name): `\(budgets[0].0)` and `\(key)` exclude each other",
                at: member.place,
                fix: "remove one of them")
        }
        if let member = table["context"], table["fit-memory"] == nil {
            report(
                .manifestConflict, "\(name): `context` is for an entry with `fit-memory`", at: member.place,
                fix: "remove it, or add fit-memory = …")
        }
        if let member = table["weight"], !budgets.isEmpty {
            report(
                .manifestConflict, "\(name): `weight` is for an entry that shares the bundle's budget",
                at: member.place, fix: "remove it, or remove `\(budgets[0].0)`")
        } else if let member = table["weight"], let weight = member.value.content.integer,
            weight > FitRequest.greatestWeight
        {
            report(
                .manifestValue, "\(name): `weight` is \(weight)", at: member.value.place,
                allowed: "1 to \(FitRequest.greatestWeight)")
        }
        return budgets.isEmpty
    }
}
