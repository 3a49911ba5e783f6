/// Where `unpack` writes, and in which form.
public struct UnpackTarget: Hashable, Sendable {
    /// The forms in which entries are restored; the raw value is the option that asks for it.
    public enum Form: String, Sendable, CaseIterable {
        /// `DIR/<entry name>/<path>`, for entries of every source.
        case directories = "to"
        /// A Hugging Face hub cache, for entries that came out of one.
        case hub = "hf-cache"
        /// A kagglehub cache, for entries that came out of one.
        case kagglehub = "kagglehub-cache"
    }

    /// The form.
    public let form: Form
    /// The directory; it is made where it is missing, and may be named by a link.
    public let path: String

    /// Puts both together.
    public init(_ form: Form, _ path: String) {
        self.form = form
        self.path = path
    }

    /// Whether entries of this origin can be restored in this form.
    func takes(_ origin: Origin) -> Bool {
        switch (form, origin) {
        case (.directories, _), (.hub, .hub), (.kagglehub, .kaggle): true
        default: false
        }
    }
}

/// What an unpack did.
public struct UnpackReceipt: Equatable, Sendable {
    /// One target.
    public struct Part: Equatable, Sendable {
        /// Where, and in which form.
        public let target: UnpackTarget
        /// The names of the entries that were restored there, in the lock's order.
        public let entries: [String]
        /// The number of their files.
        public let files: Int
        /// The bytes of content that were written in this run.
        public let written: Int
        /// The bytes of content that were there already and are right.
        public let present: Int
    }

    /// The targets, in the order in which they were asked for.
    public let parts: [Part]
    /// The names of entries that no target takes.
    public let left: [String]
    /// What went wrong with single files, and what was left as it is.
    public let findings: [Diagnostic]
}
