import ArgumentParser
import Formats
import Manifests
import ModelFacts
import Storage
import Transfer

/// `knapsack search`
struct SearchCommand: KnapsackCommand {
    /// The name, the text of the help, and examples.
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find models and data sets on the Hub, on Kaggle and in the caches.",
        usage: "knapsack search [hub|kaggle|cache] [<word> ...] [<options>]",
        discussion: """
            Without a place, the Hub is searched. The last column states how much of it is in the caches already. \
            In the caches nothing is asked of anybody: the answers are from cards, configurations and headers.

            Examples:
              knapsack search qwen2.5 instruct
              knapsack search qwen --params 1B..8B --license apache-2.0 --sort downloads
              knapsack search --task text-generation --framework gguf --sort trending
              knapsack search --type dataset --author openai
              knapsack search kaggle gemma --framework transformers --sort votes
              knapsack search cache bert --json
            """)

    /// The place, if the first word is one, and the words that the name has to have.
    @Argument(
        help: ArgumentHelp(
            "hub, kaggle or cache; then words that the name has to have.", valueName: "place | word"),
        completion: .list(SearchPlace.allCases.map(\.rawValue)))
    var words: [String] = []

    /// What is looked for.
    @Option(help: "What is looked for.")
    var type = CatalogQuery.Kind.model

    /// The task; `nil` for any.
    @Option(help: ArgumentHelp("What it does, such as text-generation.", valueName: "task"))
    var task: String?

    /// The library; `nil` for any.
    @Option(help: ArgumentHelp("The library that it is for, such as transformers.", valueName: "name"))
    var library: String?

    /// The framework or the format; `nil` for any.
    @Option(help: ArgumentHelp("The framework or format, such as pytorch or gguf.", valueName: "name"))
    var framework: String?

    /// The owner; `nil` for any.
    @Option(help: ArgumentHelp("Whose it is: a user or an organization.", valueName: "name"))
    var author: String?

    /// The language; `nil` for any.
    @Option(help: ArgumentHelp("A language, such as en.", valueName: "code"))
    var language: String?

    /// The data set that was used; `nil` for any.
    @Option(help: ArgumentHelp("A data set that it was trained on, or that a space uses.", valueName: "name"))
    var dataset: String?

    /// The licence; `nil` for any.
    @Option(help: ArgumentHelp("The licence, such as apache-2.0.", valueName: "id"))
    var license: String?

    /// The tags, all of which it has to have.
    @Option(help: ArgumentHelp("A tag; may be given several times.", valueName: "tag"))
    var tag: [String] = []

    /// The range of parameters, as ``ParameterRange`` reads it; `nil` for any.
    @Option(
        help: ArgumentHelp(
            "How many parameters it has, such as 1B..8B, or ..500M for at most so many.", valueName: "range"))
    var params: String?

    /// The order; `nil` leaves it to the place.
    @Option(help: "What comes first; votes and likes are the same.")
    var sort: CatalogQuery.Order?

    /// Whether only what has terms is looked for, or only what has none; `nil` for both.
    @Flag(
        inversion: .prefixedNo,
        help: "Only what has terms that must be accepted first, or only what has none.")
    var gated: Bool?

    /// The most results, 1 to 1000.
    @Option(help: ArgumentHelp("The most results.", valueName: "number"))
    var limit = 20

    /// How the service is asked.
    @OptionGroup var connection: CatalogOptions
    /// Which caches are looked into.
    @OptionGroup var cacheOptions: CacheOptions
    @OptionGroup var output: OutputOptions

    private var place: SearchPlace { words.first.flatMap(SearchPlace.init(rawValue:)) ?? .hub }

    /// Refuses what the place cannot be asked for; exit code 2.
    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit takes 1 to 1000") }
        if let params, ParameterRange(params) == nil {
            throw ValidationError("--params \(params) is no range; it takes \(ParameterRange.allowed)")
        }
        if let problem = place.problem(query) { throw ValidationError(problem) }
    }

    private var query: CatalogQuery {
        var query = CatalogQuery()
        query.words = Array(words.dropFirst(words.first.flatMap(SearchPlace.init(rawValue:)) == nil ? 0 : 1))
        query.kind = type
        query.task = task
        query.library = library
        query.framework = framework
        query.author = author
        query.language = language
        query.dataset = dataset
        query.license = license
        query.tags = tag
        query.parameters = params.flatMap(ParameterRange.init)
        query.order = sort
        query.gated = gated
        query.limit = limit
        return query
    }

    func execute(_ session: Session) async throws {
        try cacheOptions.requireNamed()
        if place == .cache { try cacheOptions.requirePresent(session.context) }
        guard let found = try await found(session) else { return }
        let caches = cacheOptions.caches(session.context)
        let results = SearchResults(found: found, cache: CacheState(caches), place: place, kind: type)
        session.add("place", .string(place.rawValue))
        session.add("type", .string(type.rawValue))
        session.add("results", results.json)
        if session.json { return }
        guard let first = found.first else { return session.say("nothing found \(place.phrase)") }
        session.context.writeOutput(results.text(width: session.context.terminal.tableWidth))
        if found.count == limit { session.say("the first \(limit); a greater --limit may show more") }
        session.say("more of one: knapsack info \(ShellWord.quoted(first.source.text))")
    }

    /// What is found; `nil` where something was reported that hinders.
    private func found(_ session: Session) async throws -> [FoundRepository]? {
        let query = query
        let subject = "search"
        switch place {
        case .cache:
            return CacheSearch(query: query).results(Catalog.scan(cacheOptions.caches(session.context)))
        case .hub:
            let (catalog, client) = try CatalogConnection(options: connection).hub(session)
            do {
                let (found, refused) = try await Waiting.run { try catalog.search(query) }
                if refused > 0 {
                    session.say("\(Counted.text(refused, "result")) left out, whose names no repository has")
                }
                return found
            } catch {
                session.report([CatalogFailure.finding(error, subject, hub: client, source: nil)])
            }
        case .kaggle:
            let (catalog, client) = try CatalogConnection(options: connection).kaggle(session)
            do {
                return try await Waiting.run { try catalog.search(query) }
            } catch {
                session.report([CatalogFailure.finding(error, subject, kaggle: client, handle: nil)])
            }
        }
        return nil
    }
}

extension CatalogQuery.Kind: ExpressibleByArgument {}
extension CatalogQuery.Order: ExpressibleByArgument {}
