/** One of a few things, each a card with its title and what it is about. */
import styles from './card-choice.module.css';

interface Card<T extends string> {
  value: T;
  title: string;
  words: string;
}

interface CardChoiceProps<T extends string> {
  label: string;
  name: string;
  cards: readonly Card<T>[];
  value: T;
  onChange: (value: T) => void;
}

export function CardChoice<T extends string>({ label, name, cards, value, onChange }: CardChoiceProps<T>) {
  return (
    <fieldset className={styles.cards}>
      <legend>{label}</legend>
      {cards.map((card) => (
        <label key={card.value} className={styles.card}>
          <input
            type="radio"
            name={name}
            value={card.value}
            checked={card.value === value}
            onChange={() => onChange(card.value)}
          />
          <span>
            <strong>{card.title}</strong>
            <small>{card.words}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
