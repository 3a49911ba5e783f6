extension ModelCard {
    /// The text of a `README.md` behind the YAML at its head; all of it where there is no YAML.
    package static func text(of readme: [UInt8]) -> ArraySlice<UInt8> {
        guard let yaml = FrontMatter.range(in: readme) else { return readme[...] }
        // Behind the line that ends the YAML.
        var end = yaml.upperBound
        while end < readme.count, readme[end] == 0x0A || readme[end] == 0x0D { end += 1 }
        while end < readme.count, readme[end] != 0x0A { end += 1 }
        return readme[min(end + 1, readme.count)...]
    }
}
