import Formats

/// A list of models: which are wanted, in which order, and where it goes on.
struct MarketList {
    /// What comes first.
    enum Order: String, CaseIterable {
        /// By the letters of the name.
        case name
        /// The last change first.
        case updated
        /// The largest first.
        case size
        /// Most parameters first.
        case parameters
    }

    private let words: [String]
    private let equal: [(member: String, value: String)]
    private let tags: [String]
    private let sizes: ClosedRange<Int>
    private let installed: Bool?
    private let order: Order
    private let limit: Int
    private let cursor: Place?
    private let isFirst: Bool

    /// What can be asked for by one word each, and the member of the record that has it.
    static let members = [
        ("kind", "kind"), ("category", "category"), ("task", "task"), ("license", "license"),
        ("library", "library"), ("origin", "origin"),
    ]

    /// Reads the query of a request.
    init(_ target: RequestTarget) throws(ModelRefusal) {
        let parameters = QueryParameters(target: target)
        words = (try parameters.text("query") ?? "").lowercased().split(separator: " ").map(String.init)
        guard words.count <= 32 else { throw ModelRefusal(400, "there are more than 32 words") }
        var equal: [(member: String, value: String)] = []
        for (name, member) in MarketList.members {
            if let value = try parameters.text(name) { equal.append((member, value.lowercased())) }
        }
        if let value = try parameters.text("framework") { equal.append(("", value.lowercased())) }
        self.equal = equal
        tags = HeaderFields.list(try parameters.text("tags") ?? "").filter { !$0.isEmpty }
            .map { $0.lowercased() }
        guard tags.count <= 32 else { throw ModelRefusal(400, "there are more than 32 tags") }
        let least = try parameters.number("min_size", 0...(1 << 60)) ?? 0
        let most = try parameters.number("max_size", 0...(1 << 60)) ?? .max
        guard least <= most else { throw ModelRefusal(400, "min_size is larger than max_size") }
        sizes = least...most
        installed = try parameters.flag("installed")
        order =
            try parameters.word("sort", Order.allCases.map(\.rawValue)).flatMap(Order.init) ?? .name
        limit = try parameters.number("limit", 1...500) ?? 50
        let text = try parameters.text("cursor")
        cursor = text.flatMap(Place.init)
        isFirst = text == nil
        guard isFirst || cursor?.order == order else {
            throw ModelRefusal(400, "the cursor is of no such list")
        }
    }

    /// The place of a model in the order.
    private struct Place {
        let order: Order
        let number: Int
        let text: String
        let id: String

        init(_ model: MarketModel, _ order: Order) {
            self.order = order
            id = model.id
            switch order {
            case .name: (number, text) = (0, model.name)
            case .updated: (number, text) = (0, model.updated)
            case .size: (number, text) = (model.size, "")
            case .parameters: (number, text) = (model.parameters, "")
            }
        }

        /// Reads what ``cursor`` wrote.
        init?(_ cursor: String) {
            guard let bytes = Base64.bytes(cursor), let json = try? JSON.parse(bytes),
                let parts = json.array, parts.count == 4,
                let order = parts[0].string.flatMap(Order.init), let number = parts[1].integer,
                let text = parts[2].string, let id = parts[3].string
            else { return nil }
            (self.order, self.number, self.text, self.id) = (order, number, text, id)
        }

        var cursor: String {
            let parts: JSON = [.string(order.rawValue), .integer(number), .string(text), .string(id)]
            let standard = Base64.text(Array(parts.compactText.utf8))
            // The form for addresses, without padding.
            let bytes = standard.utf8.filter { $0 != UInt8(ascii: "=") }.map { byte in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: byte
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        static func precedes(_ left: Place, _ right: Place) -> Bool {
            if left.number != right.number { return left.number > right.number }
            if !left.text.hasSameBytes(as: right.text) {
                return left.order == .updated
                    ? right.text.precedesByBytes(left.text) : left.text.precedesByBytes(right.text)
            }
            return left.id.precedesByBytes(right.id)
        }
    }

    private func accepts(_ model: MarketModel) -> Bool {
        words.allSatisfy { model.words.containsUTF8($0) } && sizes.contains(model.size)
            && installed.map { model.summary["installed"]?.bool == $0 } ?? true
            && tags.allSatisfy { model.has("tags", $0) }
            && equal.allSatisfy { member, value in
                member.isEmpty
                    ? model.has("frameworks", value) || model.has("formats", value)
                    : model.has(member, value)
            }
    }

    /// One page of the list.
    func answer(_ view: MarketView) -> JSON {
        let state = view.state
        let found = state.models.values.filter(accepts).map { (place: Place($0, order), model: $0) }
            .sorted { Place.precedes($0.place, $1.place) }
        let rest = cursor.map { cursor in found.drop { !Place.precedes(cursor, $0.place) } } ?? found[...]
        let page = rest.prefix(limit)
        var members: [JSON.Member] = [
            .init("models", .array(page.map(\.model.summary))), .init("count", .integer(found.count)),
            .init("total", .integer(state.models.count)),
            .init(
                "next",
                rest.count > page.count ? page.last.map { .string($0.place.cursor) } ?? .null : .null),
            .init("reading", MarketList.reading(state)),
        ]
        if isFirst { members.append(.init("choices", view.choices)) }
        return .object(members)
    }

    /// How far the first look is; null when all is known.
    private static func reading(_ state: MarketShelf.State) -> JSON {
        guard state.readAt == nil else { return .null }
        return ["done": .integer(state.done), "count": .integer(state.count)]
    }
}

/// What there is to choose from, with how many have it.
enum MarketChoices {
    private static let members = ["kind", "category", "task", "license", "library", "origin"]
    /// The most values of one kind that are listed.
    private static let most = 60

    /// The values of each filter, the most frequent first.
    static func json(_ models: some Collection<MarketModel>) -> JSON {
        var result = members.map { member in
            JSON.Member(member, counts(models.lazy.compactMap { $0.summary[member]?.string.map { [$0] } }))
        }
        result.append(
            .init(
                "framework",
                counts(
                    models.lazy.map { model in
                        let both =
                            (model.summary["frameworks"]?.strings ?? [])
                            + (model.summary["formats"]?.strings ?? [])
                        return Set(exactly: both).sortedTexts
                    })))
        result.append(.init("tags", counts(models.lazy.map { $0.summary["tags"]?.strings ?? [] })))
        return .object(result)
    }

    private static func counts(_ lists: some Sequence<[String]>) -> JSON {
        var counts: [ExactName: Int] = [:]
        for list in lists { for value in list { counts[ExactName(value), default: 0] += 1 } }
        let sorted = counts.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
        return .array(
            sorted.prefix(most).map { ["value": .string($0.key.text), "count": .integer($0.value)] })
    }
}
