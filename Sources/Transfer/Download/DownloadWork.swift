/// Contents that are loaded, by their numbers from 0 on.
protocol DownloadWork: Sendable {
    /// How many contents there are.
    var count: Int { get }

    /// The size of a content in bytes.
    func size(of content: Int) -> Int

    /// What sentences call a content.
    func name(of content: Int) -> String

    /// What has to be done for a content; `nil` if there is nothing to do.
    func task(_ content: Int) -> BlobTask?
}
