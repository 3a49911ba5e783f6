package import Manifests

/// Where `unpack` writes, and in which form.
package struct UnpackTarget: Hashable, Sendable {
    /// The forms in which entries are restored; the raw value is the option that asks for it.
    package enum Form: String, Sendable, CaseIterable {
        /// `DIR/<entry name>/<path>`, for entries of every source.
        case directories = "to"
        /// A Hugging Face hub cache, for entries that came out of one.
        case hub = "hf-cache"
        /// A kagglehub cache, for entries that came out of one.
        case kagglehub = "kagglehub-cache"
    }

    /// The form.
    package let form: Form
    /// The directory; it is made where it is missing, and may be named by a link.
    package let path: String

    /// Puts both together.
    package init(_ form: Form, _ path: String) {
        self.form = form
        self.path = path
    }

    /// Whether entries of this origin can be restored in this form.
    package func takes(_ origin: Origin) -> Bool {
        switch (form, origin) {
        case (.directories, _), (.hub, .hub), (.kagglehub, .kaggle): true
        default: false
        }
    }
}

/// What an unpack did.
package struct UnpackReceipt: Sendable {
    /// One target.
    package struct Part: Equatable, Sendable {
        /// Where, and in which form.
        package let target: UnpackTarget
        /// The names of the entries that were restored there, in the lock's order.
        package let entries: [String]
        /// The number of their files that are there now.
        package let files: Int
        /// The number of their files that could not be restored.
        package let lost: Int
        /// The bytes of content that were written in this run.
        package let written: Int
        /// The bytes of content that were there already and are right.
        package let present: Int
    }

    /// The targets, in the order in which they were asked for.
    package let parts: [Part]
    /// The entries that no target takes, each with the form that brings it back to where it came from.
    package let leftEntries: [(name: String, form: UnpackTarget.Form)]
    /// The names of entries that no target takes.
    package var left: [String] { leftEntries.map(\.name) }
    /// The same by the form, in the order of the forms.
    package var leftByForm: [(form: UnpackTarget.Form, names: [String])] {
        UnpackTarget.Form.allCases.compactMap { form in
            let names = leftEntries.filter { $0.form == form }.map(\.name)
            return names.isEmpty ? nil : (form, names)
        }
    }
    /// What went wrong with single files, and what was left as it is.
    package let findings: [Diagnostic]
}
