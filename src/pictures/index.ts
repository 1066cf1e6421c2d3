export { timeline, type TimelineColour, type TimelineOptions } from './timeline.js';
export { marbleDiagram, type MarbleDiagramOptions } from './marble-diagram.js';
export { waterfall, type WaterfallOptions } from './waterfall.js';
export { htmlReport, type HtmlReportOptions } from './html-report.js';
