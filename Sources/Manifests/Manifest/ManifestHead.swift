import Formats

/// The beginning of a manifest that Knapsack writes: everything before its first entry.
package enum ManifestHead {
    /// The text, which ends with an empty line.
    /// - Parameters:
    ///   - name: what the bundle is called.
    ///   - licenses: those of the entries, for the example of a policy.
    package static func text(name: String, licenses: [String]) -> String {
        let name = EntryText.quoted(name)
        return """
            # What to pack for a notebook without internet: knapsack pack NAME.toml
            schema = 1

            [bundle]
            name    = \(name)   # the Kaggle dataset's slug, 6 to 50 characters
            title   = \(name)   # what Kaggle shows, 6 to 50 characters
            license = "other"                           # one of Kaggle's dataset licence names
            # owner = "your-kaggle-name"                # with it, dataset-metadata.json has its id

            # [policy]                                  # the competition's rules, for knapsack check
            # licenses = [\(licenses.map(EntryText.quoted).joined(separator: ", "))]
            # max-size = "200 GB"


            """
    }
}
