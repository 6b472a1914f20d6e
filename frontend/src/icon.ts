import { LabIcon } from "@jupyterlab/ui-components";

/** A small network with a curve on its edge; filled shapes, because themes colour fills. */
export const networkIcon = new LabIcon({
  name: "kan-workbench:network",
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24">
    <g class="jp-icon3" fill="#616161">
      <circle cx="4.2" cy="5.5" r="2.4"/><circle cx="4.2" cy="18.5" r="2.4"/>
      <path d="M5.6 4.6 L13 9.6 L12.3 10.6 L4.9 5.7Z M4.9 18.3 L12.3 13.4 L13 14.4 L5.6 19.4Z"/>
      <path d="M16.6 11.4 H19.4 V12.6 H16.6Z"/><circle cx="20.4" cy="12" r="2.2"/>
    </g>
    <g class="jp-icon-brand0" fill="#1976d2">
      <path d="M14 8.2 a3.8 3.8 0 1 0 .01 0Z M14 9.5 a2.5 2.5 0 1 1 -.01 0Z"/>
      <path d="M11.9 13.3 C13 13.6 13.2 10.6 14.2 10.6 C15 10.6 15 12.2 16 12.4 L16 13.2 C14.6 13.2 14.6 11.5 14.2 11.5 C13.7 11.5 13.4 14.3 11.9 14.1Z"/>
    </g>
  </svg>`,
});
