extension LockedLicense {
    /// The licence of what is made from a model and adapters: all of theirs, in SPDX's words. An adapter without one
    /// adds nothing: that nobody states it is told of the adapter itself.
    package static func together(_ model: LockedLicense?, _ adapters: [LockedLicense]) -> LockedLicense? {
        guard let model else { return nil }
        var names: Set = [LicenseName(model.id)]
        let others = adapters.filter { names.insert(LicenseName($0.id)).inserted }
        guard !others.isEmpty else { return model }
        let parts = ([model] + others).map { license -> String in
            if case .any? = LicenseExpression(license.id) { return "(\(license.id))" }
            return license.id
        }
        return LockedLicense(id: parts.joined(separator: " AND "), from: model.from)
    }
}
