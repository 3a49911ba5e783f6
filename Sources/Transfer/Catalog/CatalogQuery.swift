/// What somebody looks for on the Hub, on Kaggle or in the caches: words, and what has to hold besides.
package struct CatalogQuery: Equatable, Sendable {
    /// What is looked for; the raw value is what `--type` takes.
    package enum Kind: String, Sendable, CaseIterable {
        /// Models.
        case model
        /// Data sets.
        case dataset
        /// Spaces of the Hub.
        case space
    }

    /// What comes first; the raw value is what `--sort` takes.
    package enum Order: String, Sendable, CaseIterable {
        /// Most downloads.
        case downloads
        /// Most likes, which Kaggle calls votes.
        case likes
        /// What the service finds to be of interest now.
        case trending
        /// Changed last.
        case updated
        /// Most votes, which the Hub calls likes.
        case votes
    }

    /// What a search may be limited to; the raw value is the option.
    package enum Filter: String, Sendable, CaseIterable {
        /// A task such as "text-generation".
        case task
        /// A library such as "transformers".
        case library
        /// A framework or a format such as "pytorch" or "gguf".
        case framework
        /// Whose it is.
        case author
        /// A language such as "en".
        case language
        /// A data set that a model was trained on.
        case dataset
        /// A licence such as "apache-2.0".
        case license
        /// Any tag.
        case tag
        /// The number of parameters.
        case params
        /// Whether its terms have to be accepted first.
        case gated
    }

    /// The words that the name has to have; none for everything.
    package var words: [String] = []
    /// What is looked for.
    package var kind = Kind.model
    /// See ``Filter/task``.
    package var task: String?
    /// See ``Filter/library``.
    package var library: String?
    /// See ``Filter/framework``.
    package var framework: String?
    /// See ``Filter/author``.
    package var author: String?
    /// See ``Filter/language``.
    package var language: String?
    /// See ``Filter/dataset``.
    package var dataset: String?
    /// See ``Filter/license``.
    package var license: String?
    /// See ``Filter/tag``; all of them have to be there.
    package var tags: [String] = []
    /// See ``Filter/params``.
    package var parameters: ParameterRange?
    /// What comes first; `nil` leaves it to the service.
    package var order: Order?
    /// See ``Filter/gated``.
    package var gated: Bool?
    /// The most results.
    package var limit = 20

    /// The most bytes of one page of results: a page has at most 100, with some kB each.
    static let pageBytes = 1 << 24

    /// Everything, models first.
    package init() {}

    /// The filters that are set.
    package var given: [Filter] {
        Filter.allCases.filter { filter in
            switch filter {
            case .task: task != nil
            case .library: library != nil
            case .framework: framework != nil
            case .author: author != nil
            case .language: language != nil
            case .dataset: dataset != nil
            case .license: license != nil
            case .tag: !tags.isEmpty
            case .params: parameters != nil
            case .gated: gated != nil
            }
        }
    }
}
