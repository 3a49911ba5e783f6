/// Bars of block characters (U+2588 to U+258F), for terminals that have them.
struct BlockBar {
    /// The whole that a bar of full length stands for.
    let whole: Int
    /// The length of a full bar, in columns.
    var width = 20

    /// The bar of a part, to an eighth of a column; what is more than nothing has at least one eighth.
    func text(_ part: Int) -> String {
        guard part > 0, whole > 0 else { return "" }
        let share = min(1, Double(part) / Double(whole))
        let eighths = max(1, Int((share * Double(width * 8)).rounded()))
        let (full, rest) = eighths.quotientAndRemainder(dividingBy: 8)
        let blocks = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: full) + blocks[rest]
    }
}
