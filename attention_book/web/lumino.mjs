// The widgets use two of Lumino's classes; its docks, menus and palettes stay out of the bundle.
export { Panel } from "./node_modules/@lumino/widgets/src/panel";
export { Widget } from "./node_modules/@lumino/widgets/src/widget";
