import Formats
import Synchronization

/// What a server counts of itself, for Prometheus: the text format 0.0.4.
package final class ServerMetrics: Sendable {
    /// One number that is looked up when somebody asks.
    package struct Gauge: Sendable {
        /// The metric's name.
        let name: String
        /// What it is, a sentence.
        let help: String
        /// The label that tells its values apart; `nil` where there is one value.
        let label: String?
        /// The values, by the label's values.
        let values: @Sendable () -> [(String, Int)]

        /// Describes a number, or several that a label tells apart.
        package init(
            _ name: String, _ help: String, label: String? = nil,
            values: @escaping @Sendable () -> [(String, Int)]
        ) {
            self.name = name
            self.help = help
            self.label = label
            self.values = values
        }
    }

    private struct Route {
        var statuses: [Int: Int] = [:]
        var bytes = 0
        var brokenOff = 0
        var microseconds = 0
        var buckets = [Int](repeating: 0, count: ServerMetrics.bounds.count + 1)
    }

    private let routes = Mutex<[RouteClass: Route]>([:])
    private let gauges = Mutex<[Gauge]>([])

    /// The upper bounds of the buckets of durations, in microseconds.
    private static let bounds = [
        1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000, 30_000_000, 300_000_000,
    ]
    /// The same in seconds, as the format writes them.
    private static let names = ["0.001", "0.005", "0.01", "0.05", "0.1", "0.5", "1", "5", "30", "300"]

    /// Nothing is counted yet.
    package init() {}

    /// Adds numbers that are looked up when somebody asks.
    package func add(_ more: [Gauge]) { gauges.withLock { $0 += more } }

    /// Counts a request that was answered.
    package func observe(_ answered: AnsweredRequest) {
        let kind = RouteClass(request: answered.request)
        let bucket =
            ServerMetrics.bounds.firstIndex { answered.microseconds <= $0 } ?? ServerMetrics.bounds.count
        routes.withLock { routes in
            routes[kind, default: Route()].statuses[answered.status, default: 0] += 1
            routes[kind]?.bytes &+= answered.bytes
            routes[kind]?.microseconds &+= max(0, answered.microseconds)
            routes[kind]?.buckets[bucket] += 1
            if !answered.isWhole { routes[kind]?.brokenOff += 1 }
        }
    }

    /// All numbers, as Prometheus reads them.
    package var text: String {
        let routes = routes.withLock { $0 }.sorted { $0.key.rawValue.precedesByBytes($1.key.rawValue) }
        var text = MetricText()
        text.begin("knapsack_http_requests_total", "counter", "Requests that were answered.")
        for (kind, route) in routes {
            for (status, count) in route.statuses.sorted(by: { $0.key < $1.key }) {
                text.add([("route", kind.rawValue), ("status", String(status))], count)
            }
        }
        text.begin("knapsack_http_response_bytes_total", "counter", "Bytes of bodies that were sent.")
        for (kind, route) in routes { text.add([("route", kind.rawValue)], route.bytes) }
        text.begin("knapsack_http_broken_off_total", "counter", "Answers that did not go out whole.")
        for (kind, route) in routes { text.add([("route", kind.rawValue)], route.brokenOff) }
        text.begin(
            "knapsack_http_request_duration_seconds", "histogram",
            "How long requests took until their answers were sent.")
        for (kind, route) in routes { ServerMetrics.histogram(kind, route, &text) }
        for gauge in gauges.withLock({ $0 }) {
            text.begin(gauge.name, "gauge", gauge.help)
            for (value, count) in gauge.values() { text.add(gauge.label.map { [($0, value)] } ?? [], count) }
        }
        return text.text
    }

    private static func histogram(_ kind: RouteClass, _ route: Route, _ text: inout MetricText) {
        var total = 0
        for (index, count) in route.buckets.enumerated() {
            total += count
            let bound = index < names.count ? names[index] : "+Inf"
            text.add([("route", kind.rawValue), ("le", bound)], total, suffix: "_bucket")
        }
        text.add(
            [("route", kind.rawValue)], "\(Double(route.microseconds) / 1_000_000)", suffix: "_sum")
        text.add([("route", kind.rawValue)], total, suffix: "_count")
    }
}

/// The lines of the text format: names and labels here are none that need escapes.
private struct MetricText {
    private(set) var text = ""
    private var name = ""

    mutating func begin(_ name: String, _ type: String, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func add(_ labels: [(String, String)], _ value: Int, suffix: String = "") {
        add(labels, String(value), suffix: suffix)
    }

    mutating func add(_ labels: [(String, String)], _ value: String, suffix: String) {
        let list = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
        text += name + suffix + (list.isEmpty ? "" : "{\(list)}") + " \(value)\n"
    }
}
