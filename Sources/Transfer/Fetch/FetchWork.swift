import Formats
import Storage

/// The contents that plans lack, each once, and for each the files that it is.
struct FetchWork: DownloadWork {
    /// A file of a plan, by their numbers.
    private struct Place {
        let plan: Int
        let file: Int
    }

    private let plans: [FetchPlan]
    /// For each content the file that it is asked for as.
    private var first: [Place] = []
    /// The other files of contents that have some.
    private var others: [Int: [Place]] = [:]
    /// How many bytes have to be loaded.
    private(set) var missing = 0

    /// What makes two files one content.
    private struct Key: Hashable {
        /// The directory that keeps it, or the plan where every file has its own place.
        let place: ExactName
        let path: RelativePath?
        let identity: BlobIdentity
    }

    /// The contents of all plans, each once, in the order in which plans name them first.
    init(_ plans: [FetchPlan]) {
        self.plans = plans
        var known: [Key: Int] = [:]
        for (number, plan) in plans.enumerated() {
            let shared = plan.destination.sharedContents.map { ExactName($0) }
            let own = ExactName(plan.directory)
            for (index, file) in plan.files.enumerated() {
                guard let identity = file.identity else { continue }
                let key = Key(
                    place: shared ?? own, path: shared == nil ? file.path : nil, identity: identity)
                let place = Place(plan: number, file: index)
                if let content = known[key] {
                    others[content, default: []].append(place)
                } else {
                    known[key] = first.count
                    first.append(place)
                    missing = missing.saturated(adding: file.missing)
                }
            }
        }
    }

    /// How many contents there are.
    var count: Int { first.count }

    /// The size of a content in bytes.
    func size(of content: Int) -> Int { file(first[content]).size }

    /// What sentences call a content: the file that it is asked for as.
    func name(of content: Int) -> String {
        let file = file(first[content])
        return file.isArchive ? "the archive" : file.path.text
    }

    /// The plan for which a content is asked for.
    func plan(of content: Int) -> FetchPlan { plans[first[content].plan] }

    /// How many bytes of a content have to be loaded.
    func missing(of content: Int) -> Int { file(first[content]).missing }

    /// How many files of a plan are a content.
    func files(of content: Int, in plan: Int) -> Int {
        ([first[content]] + (others[content] ?? [])).count { $0.plan == plan }
    }

    /// Whether a plan wants a content.
    func isWanted(_ content: Int, by plan: Int) -> Bool {
        first[content].plan == plan || others[content]?.contains { $0.plan == plan } == true
    }

    /// What has to be done for a content; `nil` if there is nothing to do.
    func task(_ content: Int) -> BlobTask? {
        let places = [first[content]] + (others[content] ?? [])
        let file = file(places[0])
        guard let identity = file.identity else { return nil }
        let destination = plans[places[0].plan].destination
        return BlobTask(
            identity, from: destination.source(of: file, identity),
            to: destination.target(of: file, identity),
            as: places.map { plans[$0.plan].destination.name(of: self.file($0), identity) },
            locked: places.lazy.compactMap { plans[$0.plan].wish.locked?[self.file($0).path]?.sha256 }.first,
            missing: file.missing)
    }

    private func file(_ place: Place) -> FetchPlan.File { plans[place.plan].files[place.file] }
}
