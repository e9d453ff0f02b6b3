/** Figures as SVG: one element each that stands alone or in a page, and follows the page's theme. Nothing in it moves. */
import type { Figure } from '../figure.ts';
import { drawBarChart } from './bar-chart-svg.ts';
import { svgOf, type Drawing } from './drawing.ts';
import { drawHeatMap } from './heat-map-svg.ts';
import { drawHistogram } from './histogram-svg.ts';
import { drawLineChart } from './line-chart-svg.ts';

export const figureSvg = (figure: Figure): string => svgOf(draw(figure), figure);

function draw(figure: Figure): Drawing {
  switch (figure.kind) {
    case 'heat-map':
      return drawHeatMap(figure);
    case 'lines':
      return drawLineChart(figure);
    case 'bars':
      return drawBarChart(figure);
    case 'histogram':
      return drawHistogram(figure);
  }
}
