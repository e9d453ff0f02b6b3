/** What the form of a new study asks for, as it stands in the address and as the API takes it. */
import type { CreateStudyInput, NewStudyChoicesQuery } from '../../graphql/graphql.ts';

/** The data set that studies of refusal are made for. */
const usualDataSet = 'refusal';

/** Reads `?name=&model=&dataSet=&evenIfMixed=`; what is missing, or names nothing, is the first that there is. */
export function studyForm(
  params: URLSearchParams,
  { studyKinds, models, dataSets }: NewStudyChoicesQuery,
): Required<Pick<CreateStudyInput, 'name' | 'model' | 'dataSet' | 'evenIfMixed'>> {
  const slugs = dataSets.map(({ slug }) => slug);
  const first = slugs.includes(usualDataSet) ? usualDataSet : slugs[0];
  return {
    name: chosen(params.get('name'), studyKinds.map(({ name }) => name)) ?? 'LAYER_CURVE', // prettier-ignore
    model: chosen(params.get('model'), models.map(({ slug }) => slug)) ?? '', // prettier-ignore
    dataSet: chosen(params.get('dataSet'), slugs, first) ?? '',
    evenIfMixed: params.get('evenIfMixed') === 'true',
  };
}

/** The value, where it is one of those that there are; else the one to begin with. */
const chosen = <T extends string>(value: string | null, all: readonly T[], first = all[0]): T | undefined =>
  all.find((one) => one === value) ?? first;
