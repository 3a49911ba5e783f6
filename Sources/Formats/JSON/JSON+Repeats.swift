extension JSON {
    /// The name that two members of one object have, at whatever depth; `nil` where there is none. Programs differ in which of
    /// the two they take.
    package var repeatedName: String? {
        switch self {
        case .object(let members):
            JSON.repeatedName(members) ?? members.lazy.compactMap(\.value.repeatedName).first
        case .array(let elements): elements.lazy.compactMap(\.repeatedName).first
        default: nil
        }
    }

    private static func repeatedName(_ members: [JSON.Member]) -> String? {
        // Nearly all objects are small, and a set costs more than it saves.
        guard members.count > 16 else {
            for (index, member) in members.enumerated()
            where members[..<index].contains(where: { $0.key.hasSameBytes(as: member.key) }) {
                return member.key
            }
            return nil
        }
        var seen: Set<ExactName> = []
        return members.first { !seen.insert(ExactName($0.key)).inserted }?.key
    }
}
