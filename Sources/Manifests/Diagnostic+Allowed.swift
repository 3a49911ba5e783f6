extension Diagnostic {
    /// The same finding as a note, where the entry's author accepts its code.
    package func allowed(by entry: Entry) -> Diagnostic {
        guard severity != .note, entry.allow.contains(code) else { return self }
        return Diagnostic(
            .note, code: code, message + " (allowed by the manifest)", at: location, notes: notes,
            isAccepted: true)
    }
}
